"""This project's encoder beside sentence-transformers: the same sentences, one thread each, in alternation.

python -m benchmarks.encode benchmarks/encode.json [--quick]
"""

import argparse
import importlib.metadata
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from benchmarks import reference
from benchmarks.sentences import sentences
from features import encoder
from features.encoder import LAYERS, States

AT_LEAST = 0.6
SMALLEST_COSINE = 0.9999
PACKAGES = ("numpy", "sentence-transformers", "torch", "transformers")


def alternated(work: dict[str, Callable[[], object]], pairs: int) -> dict[str, list[float]]:
    """CPU seconds of each piece of work in each round; one round beforehand is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(pairs + 1):
        for name, run in work.items():
            before = time.process_time()
            run()
            seconds[name].append(time.process_time() - before)
    return {name: found[1:] for name, found in seconds.items()}


def speeds(seconds: Sequence[float], count: int) -> dict[str, float]:
    """Sentences per CPU second: median, lowest and highest."""
    found = [count / one for one in seconds]
    return {"median": round(median(found), 1), "low": round(min(found), 1), "high": round(max(found), 1)}


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="fewer sentences")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = sentences(128 if options.quick else 512)
    ours, theirs = encoder.load(), reference.load()
    _require_same_vectors(ours.states(texts, [LAYERS])[:, 0], reference.vectors(theirs, texts))
    seconds = alternated(
        {
            "this project": lambda: ours.states(texts, [LAYERS]),
            "sentence-transformers": lambda: reference.vectors(theirs, texts),
        },
        pairs=5,
    )
    ratios = [their / our for our, their in zip(*seconds.values(), strict=True)]
    result = {
        "processor": _processor(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "sentences": len(texts),
        "sentences_per_second": {name: speeds(found, len(texts)) for name, found in seconds.items()},
        "ratio": {"median": round(median(ratios), 3), "low": round(min(ratios), 3), "high": round(max(ratios), 3)},
    }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if median(ratios) < AT_LEAST:
        raise SystemExit(f"error: {median(ratios):.3f} of sentence-transformers' speed, less than {AT_LEAST}")
    print(f"{result['ratio']['median']} of sentence-transformers' speed: {options.out}")  # type: ignore[index]


def _require_same_vectors(ours: States, theirs: States) -> None:
    """A faster encoder of something else is no comparison."""
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    smallest = float(((ours * theirs).sum(axis=1) / norms).min())
    if smallest < SMALLEST_COSINE:
        raise SystemExit(f"error: the two encoders differ: smallest cosine {smallest:.6f}")


def _processor() -> str:
    lines: list[Any] = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    main()
