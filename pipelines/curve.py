"""The learning curve of the best linear n-gram model: would more coded documents help?"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from features import codebook, lexicon
from features.experiments import Experiment
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import macro_f1
from features.resampling import Floats, nested_shares
from features.text import Example
from features.training import Mixture, fit_mixture, train_rows
from pipelines import plots, store, tables
from pipelines.command import Count, Share, parameters, progress, run, stage


@dataclass(frozen=True, slots=True)
class Point:
    """Macro-F1 on valid after training on this many documents, one value per draw of documents."""

    documents: int
    sentences: list[int]
    macro_f1: list[float]


class Fit(msgspec.Struct, frozen=True):
    """The part of train's `fit.json` that says what was fitted."""

    experiment: Experiment
    scales: list[list[tuple[float, float]]]


def curve(
    experiment: Experiment,
    scales: Floats,
    examples: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    *,
    shares: list[Share],
    draws: Count,
    seed: int,
) -> list[Point]:
    """Refit on growing, nested shares of the train documents; labels at margin 0, so that only text decides.

    The parts of an average keep the `scales` that train found.
    """
    rows = train_rows(examples, experiment)
    valid = [row for row in examples if row.part == "valid"]
    points = []
    by_share = nested_shares([row.doc for row in rows], shares, draws, seed)
    for kept in progress(by_share, total=len(shares), unit="shares"):
        subsets = [[row for row in rows if row.doc in chosen] for chosen in kept]
        fitted = [fit_mixture(experiment, subset, themes, functions, None, scales) for subset in subsets]
        scores = [_score(mixture, valid, themes) for mixture in fitted]
        points.append(Point(len(kept[0]), [len(subset) for subset in subsets], scores))
    return points


def _score(mixture: Mixture, valid: Sequence[Example], themes: Sequence[str]) -> float:
    labels = mixture.margins([row.passage for row in valid]) > 0
    return round(macro_f1(gold_matrix(valid, themes), labels), 6)


def main(options: argparse.Namespace) -> str:
    """Read the best linear experiment, write the curve as numbers and as a picture."""
    name = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])["linear"]
    fitted = store.read_json(store.check(options.train / name) / "fit.json", Fit)
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    themes = codebook.load(options.codebook).ids
    functions = lexicon.load(options.patterns, themes)
    knobs = parameters(curve, options.params)
    points = curve(fitted.experiment, np.array(fitted.scales), examples, themes, functions, **knobs)
    with store.writing(options.out) as folder:
        store.write_json(folder / "learning_curve.json", points)
        picture = plots.learning_curve([p.documents for p in points], [p.macro_f1 for p in points], name)
        (folder / "learning_curve.svg").write_text(picture, encoding="utf-8")
    ends = [f"{np.mean(point.macro_f1):.3f} at {point.documents}" for point in (points[0], points[-1])]
    return f"{name}: macro-F1 on valid {ends[0]} documents, {ends[1]}"


if __name__ == "__main__":
    run(main, stage(__doc__, "train", "compare", "split", "codebook", "patterns", "out"))
