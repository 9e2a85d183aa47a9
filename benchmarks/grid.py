"""A grid of 24 settings in 5 folds beside scikit-learn's GridSearchCV: CPU time and memory of whole processes.

python -m benchmarks.grid benchmarks/grid.json [--quick]
"""

import argparse
import dataclasses
import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.searches import FOLDS, WAYS
from benchmarks.texts import like
from benchmarks.timing import Cost, cost, processor, ratios
from features.text import Example
from pipelines import tables

AT_LEAST = 8
ROUNDS = 3
TIMES = 4
PACKAGES = ("numpy", "scipy", "scikit-learn")


def searched(folder: Path, examples: Sequence[Example], rounds: int, *, few: bool = False) -> dict[str, Any]:
    """What each way costs on one core, in alternation, and what it found."""
    source, core = folder / "rows.parquet", [min(os.sched_getaffinity(0))]
    tables.write(examples, Example, source)
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    found: dict[str, list[dict[str, Any]]] = {}
    for _ in range(rounds):
        for way in WAYS:
            out = folder / "found.json"
            command = [sys.executable, "-m", "benchmarks.searches", way, str(source), str(out)]
            costs[way].append(cost([*command, "--few"] if few else command, core))
            found[way] = json.loads(out.read_text(encoding="utf-8"))
    seconds = {way: [one.cpu for one in of_way] for way, of_way in costs.items()}
    return {
        "sentences": len(examples),
        "settings": len(found["scikit-learn"]),
        "folds": FOLDS,
        "cpu_seconds": {way: _spread(of_way) for way, of_way in seconds.items()},
        "ratio": ratios(*seconds.values()),
        "megabytes": {way: round(median(one.megabytes for one in of_way)) for way, of_way in costs.items()},
        "winner": {way: max(scores, key=lambda one: one["macro_f1"]) for way, scores in found.items()},
        "ahead_of_second": {way: _ahead([one["macro_f1"] for one in scores]) for way, scores in found.items()},
        "largest_difference": round(_largest_difference(*found.values()), 4),
    }


def growth(folder: Path, examples: Sequence[Example]) -> dict[str, Any]:
    """How much more memory four times the sentences take, with fewer settings: medians."""
    texts = like([row.text for row in examples], TIMES * len(examples))
    many = [dataclasses.replace(examples[n % len(examples)], text=text) for n, text in enumerate(texts)]
    once, more = (searched(folder, rows, ROUNDS, few=True)["megabytes"] for rows in (examples, many))
    return {
        "sentences": [len(examples), len(many)],
        "megabytes": {way: [once[way], more[way]] for way in WAYS},
        "megabytes_more": {way: more[way] - once[way] for way in WAYS},
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(seconds), 1), "low": round(min(seconds), 1), "high": round(max(seconds), 1)}


def _largest_difference(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> float:
    """In macro-F1, of any setting."""
    of_theirs: dict[tuple[tuple[str, Any], ...], float] = {_settings(one): one["macro_f1"] for one in theirs}
    return max(abs(float(one["macro_f1"]) - of_theirs[_settings(one)]) for one in ours)


def _ahead(scores: Sequence[float]) -> float:
    second, best = sorted(scores)[-2:]
    return round(best - second, 4)


def _settings(one: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, value) for name, value in sorted(one.items()) if name != "macro_f1")


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="a third of the documents, once")
    options = parser.parse_args()
    everything = tables.read(Path("data/split/splits.parquet"), Example)
    examples = [row for row in everything if row.part == "train" and row.label_source == "gold"]
    if options.quick:
        kept = set(sorted({row.group for row in examples})[::3])
        examples = [row for row in examples if row.group in kept]
    with tempfile.TemporaryDirectory(prefix="grid-") as scratch:
        result = {
            "processor": processor(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
            "search": searched(Path(scratch), examples, 1 if options.quick else ROUNDS),
            "growth": growth(Path(scratch), examples),
        }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    search: dict[str, Any] = result["search"]  # type: ignore[assignment]
    ours, theirs = (_settings(search["winner"][way]) for way in WAYS)
    if ours != theirs:
        raise SystemExit(f"error: the two searches name different winners: {ours} and {theirs}")
    ratio = search["ratio"]["median"]
    if ratio < AT_LEAST and not options.quick:
        raise SystemExit(f"error: {ratio} times as fast as GridSearchCV, less than {AT_LEAST}")
    print(f"{ratio} times as fast as GridSearchCV: {options.out}")


if __name__ == "__main__":
    main()
