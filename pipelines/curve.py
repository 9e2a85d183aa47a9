"""The champion's learning curve: would more coded documents help?"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from features import codebook
from features.experiments import Experiment
from features.metrics import macro_f1
from features.resampling import Floats, nested_shares
from features.text import Example
from features.training import Mixture, fit_mixture, gold_matrix, train_rows
from pipelines import states, store, tables
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
        scores = [_score(fit_mixture(experiment, subset, themes, scales), valid, themes) for subset in subsets]
        points.append(Point(len(kept[0]), [len(subset) for subset in subsets], scores))
    return points


def _score(mixture: Mixture, valid: Sequence[Example], themes: Sequence[str]) -> float:
    labels = mixture.margins([row.text for row in valid]) > 0
    return round(macro_f1(gold_matrix(valid, themes), labels), 6)


def main(options: argparse.Namespace) -> str:
    """Read the champion's experiment, write the curve as numbers and as a picture."""
    from pipelines import plots

    champion = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])["champion"]
    fitted = store.read_json(store.check(options.train / champion) / "fit.json", Fit)
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    themes = codebook.load(options.codebook).ids
    if fitted.experiment.learns_from_encoder:
        states.recall(options.embed)
    points = curve(fitted.experiment, np.array(fitted.scales), examples, themes, **parameters(curve, options.params))
    with store.writing(options.out) as folder:
        store.write_json(folder / "learning_curve.json", points)
        figure = plots.learning_curve([p.documents for p in points], [p.macro_f1 for p in points], champion)
        plots.save(figure, folder / "learning_curve.png")
    ends = [f"{np.mean(point.macro_f1):.3f} at {point.documents}" for point in (points[0], points[-1])]
    return f"{champion}: macro-F1 on valid {ends[0]} documents, {ends[1]}"


if __name__ == "__main__":
    run(main, stage(__doc__, "train", "compare", "split", "embed", "codebook", "out"))
