"""Gold labels that models speak against with confidence, out of fold: a list for a person to read, the surest first.

Confident learning (Northcutt, Jiang and Chuang 2021): a label is suspicious where a model that has not seen its
document is as sure of the contrary as it is, on average, where the contrary is gold. Nothing is changed: what is found
wrong goes to an adjudicator. Train and valid alone: test stays closed.

python -m pipelines.suspicious suspicious.csv
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from features import codebook, experiment_files, lexicon
from features.duplicates import near_duplicates
from features.experiments import Experiment
from features.folds import CrossFit
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import Bools
from features.mixing import mixed_out_of_fold, platt_by_theme
from features.resampling import Floats, folds_of
from features.spreadsheet import guarded
from features.text import Example
from features.thresholds import calibrate
from pipelines import states, store, tables
from pipelines.command import Count, Share, parameters, run

OPENED = ("train", "valid")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One label: whether gold gives `theme` to the sentence of `row`, and the probability that models give it."""

    row: Example
    theme: str
    gold: bool
    probability: float


def suspicious(
    experiment: Experiment,
    examples: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    *,
    folds: Annotated[int, msgspec.Meta(ge=2)],
    shingle: Count,
    near_duplicate: Share,
    seed: int,
) -> list[Doubt]:
    """The labels that `experiment`, fitted without the documents it is asked about, speaks against."""
    rows = [row for row in examples if row.part in OPENED and row.label_source == "gold"]
    gold, everything = gold_matrix(rows, themes), np.ones(len(rows), dtype=bool)
    repeats = near_duplicates([row.text for row in rows], shingle=shingle, at_least=near_duplicate)
    fold_of = folds_of([row.group for row in rows], folds, seed)
    in_folds = CrossFit([row.passage for row in rows], gold, fold_of, repeats, functions)
    margins = mixed_out_of_fold(experiment, in_folds, everything).margins
    probabilities = np.nan_to_num(calibrate(margins, platt_by_theme(margins, gold, everything)))
    places = np.argwhere(confident(gold, probabilities))
    found = [
        Doubt(rows[n], themes[theme], bool(gold[n, theme]), round(float(probabilities[n, theme]), 6))
        for n, theme in places
    ]
    return sorted(found, key=lambda one: -abs(one.probability - one.gold))


def confident(gold: Bools, probabilities: Floats) -> NDArray[np.bool_]:
    """Where (n, themes) the contrary of gold is as probable as it is on average where it is gold."""
    with np.errstate(invalid="ignore"):
        present = np.where(gold, probabilities, 0).sum(axis=0) / gold.sum(axis=0)
        absent = np.where(gold, 0, 1 - probabilities).sum(axis=0) / (~gold).sum(axis=0)
    result: NDArray[np.bool_] = np.where(gold, 1 - probabilities >= absent, probabilities >= present)
    return result


def main(options: argparse.Namespace) -> str:
    """Read the examples, write the list as CSV."""
    experiment = experiment_files.load(options.experiment)
    themes = codebook.load(options.codebook).ids
    functions = lexicon.load(options.patterns, themes)
    examples = tables.read(store.check(options.data / "split") / "splits.parquet", Example)
    if experiment.learns_from_encoder:
        states.recall(options.data / "embed")
    found = suspicious(experiment, examples, themes, functions, **parameters(suspicious, options.params))
    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["theme", "gold", "probability", "doc", "sentence_id", "before", "text", "after"])
        for one in found:
            seen = [guarded(text) for text in (one.row.before, one.row.text, one.row.after)]
            said = "present" if one.gold else "absent"
            writer.writerow([one.theme, said, one.probability, one.row.doc, one.row.sentence_id, *seen])
    labels = sum(row.part in OPENED and row.label_source == "gold" for row in examples) * len(themes)
    return f"{len(found)} of {labels:,} labels are suspicious to {options.experiment.stem}: {options.out}"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the list")
    parser.add_argument("--experiment", type=Path, default=Path("experiments/context-kernel.yaml"))
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the stages (default: data)")
    parser.add_argument("--codebook", type=Path, default=Path("data/codebook.yaml"))
    parser.add_argument("--patterns", type=Path, default=Path("data/patterns.yaml"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    return parser


if __name__ == "__main__":
    run(main, _arguments())
