"""Fitting by words and pairs of words beside peers: CPU time and memory of whole processes, for two sizes.

python -m benchmarks.fitting benchmarks/fitting.json [--quick]
"""

import argparse
import dataclasses
import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from benchmarks import peers, texts
from benchmarks.timing import Cost, cost, processor, ratios, spread
from features import experiment_files
from features.gold import gold_matrix
from features.text import Example
from pipelines import tables

EXPERIMENT = Path("experiments/tfidf-word-logreg.yaml")
PACKAGES = ("numpy", "scipy", "scikit-learn", "fasttext-numpy2-wheel")
ROUNDS = {2_000: 5, 100_000: 3}
QUICK = {2_000: 2}
Fit = Callable[[Sequence[Example]], object]


def this_project(rows: Sequence[Example]) -> object:
    """One fit as `train` makes several of; its calibration and thresholds take as many more as it has folds."""
    from features import classifiers

    (part,) = experiment_files.load(EXPERIMENT).parts
    return classifiers.fit(part, [row.passage for row in rows], gold_matrix(rows, _themes(rows)), [])


def scikit_learn(rows: Sequence[Example]) -> object:
    """The same settings in scikit-learn's own classes."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    classifier = OneVsRestClassifier(LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000))
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), classifier)
    return pipeline.fit([row.text for row in rows], gold_matrix(rows, _themes(rows)).astype(np.int64))


def fasttext(rows: Sequence[Example]) -> object:
    """Its Python module, with ten dimensions."""
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "model.bin"
        peers.train_fasttext([row.text for row in rows], [row.themes for row in rows], to, 10)
        return to.stat().st_size


WAYS: dict[str, Fit] = {
    "this project": this_project,
    "scikit-learn": scikit_learn,
    "fastText (Python), 10 dimensions": fasttext,
}


def fitted(examples: Sequence[Example], count: int, rounds: int, scratch: Path) -> dict[str, Any]:
    """What each way costs on one core, in alternation."""
    source, core = scratch / "rows.parquet", [min(os.sched_getaffinity(0))]
    asked = texts.like([row.text for row in examples], count)
    rows = [dataclasses.replace(examples[n % len(examples)], text=text) for n, text in enumerate(asked)]
    tables.write(rows, Example, source)
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            costs[way].append(cost([sys.executable, "-m", "benchmarks.fitting", str(source), "--way", way], core))
    seconds = {way: [one.cpu for one in found] for way, found in costs.items()}
    return {
        "cpu_seconds": {way: spread(found) for way, found in seconds.items()},
        "ratios": {way: ratios(seconds["this project"], found) for way, found in seconds.items()},
        "megabytes": {way: round(median(one.megabytes for one in found)) for way, found in costs.items()},
    }


def _themes(rows: Sequence[Example]) -> list[str]:
    return sorted({theme for row in rows for theme in row.themes})


def main() -> None:
    """Measure, and write what was measured; or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="fewer sentences")
    parser.add_argument("--way", choices=WAYS, help="fit the rows of PATH in this way, and write nothing")
    options = parser.parse_args()
    if options.way:
        WAYS[options.way](tables.read(options.path, Example))
        return
    everything = tables.read(Path("data/split/splits.parquet"), Example)
    examples = [row for row in everything if row.part == "train" and row.label_source == "gold"]
    with tempfile.TemporaryDirectory(prefix="fitting-") as scratch:
        sizes = (QUICK if options.quick else ROUNDS).items()
        result = {
            "processor": processor(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
            "sizes": {str(count): fitted(examples, count, rounds, Path(scratch)) for count, rounds in sizes},
        }
    options.path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"fitted on {', '.join(result['sizes'])} sentences: {options.path}")


if __name__ == "__main__":
    main()
