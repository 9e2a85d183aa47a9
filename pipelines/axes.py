"""How far the numbers reach: one model, asked about later years, other genres or sources, or without the lexicon.

Each answer comes from models that saw nothing like what they are asked about, and is set beside the answer for the same
sentences when only their own documents were held out. Train and valid alone: test stays closed.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from features import codebook, lexicon, training
from features.comparison import Difference, compare_labels
from features.duplicates import near_duplicates
from features.errors import UsageFailure
from features.experiments import Part
from features.folds import CrossFit
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import Bools, Estimate, Predictions, measure
from features.resampling import Floats, folds_of
from features.text import Document, Example, Passage
from features.thresholds import calibrate
from features.training import Calibrated, Trained
from pipelines import store, tables
from pipelines.command import Count, Share, parameters, progress, run, stage

OPENED = ("train", "valid")


@dataclass(frozen=True, slots=True)
class Axis:
    """One way to hold out: `macro_f1` on `sentences`, and `drop`, by how much it is below that of `documents`.

    `groups`: how many genres, sources, ... there are. `drop` is None for `documents` itself.
    """

    name: str
    groups: int
    sentences: int
    macro_f1: Estimate
    drop: Difference | None


def axes(
    trained: Trained,
    examples: Sequence[Example],
    documents: Mapping[str, Document],
    functions: Sequence[LabellingFunction],
    *,
    folds: Annotated[int, msgspec.Meta(ge=2)],
    late: Share,
    shingle: Count,
    near_duplicate: Share,
    resamples: Count,
    seed: int,
) -> list[Axis]:
    """`trained` is fitted anew for every group left out; its calibration and thresholds stay.

    Raises UsageFailure when it is not one classifier alone.
    """
    if not isinstance(trained.model, Calibrated) or len(trained.experiment.parts) != 1:
        raise UsageFailure("quick_experiment: name an experiment that fits one classifier")
    rows = [row for row in examples if row.part in OPENED and row.label_source == "gold"]
    gold, (part,) = gold_matrix(rows, trained.themes), trained.experiment.parts
    repeats = near_duplicates([row.text for row in rows], shingle=shingle, at_least=near_duplicate)
    passages = [row.passage for row in rows]
    held_out = _held_out(rows, documents, folds=folds, late=late, seed=seed)
    by_document = held_out["documents"]
    seen = {name: (fold_of, passages) for name, fold_of in held_out.items()}
    seen["without the lexicon"] = (by_document, [_masked(functions, passage) for passage in passages])
    labels: dict[str, Bools] = {}
    for name in progress(seen, total=len(seen), unit="axes"):
        fold_of, texts = seen[name]
        found = _answered(part, CrossFit(texts, gold, fold_of, repeats, functions), late=name == "date")
        labels[name] = _labelled(found, trained.model.calibration, trained.thresholds)
    asked = {name: fold_of == 1 if name == "date" else np.ones(len(rows), bool) for name, (fold_of, _) in seen.items()}
    docs = np.array([row.doc for row in rows])
    return [
        _axis(name, len(np.unique(fold_of)), asked[name], gold, labels, docs, trained.themes, resamples, seed)
        for name, (fold_of, _) in seen.items()
    ]


def _held_out(
    rows: Sequence[Example], documents: Mapping[str, Document], *, folds: int, late: float, seed: int
) -> dict[str, NDArray[np.int64]]:
    """By axis: which rows are left out together. Where a document says nothing of an axis, it stands by itself."""
    genres = [documents[row.doc].genre or row.doc for row in rows]
    sources = [documents[row.doc].source or row.doc for row in rows]
    found = {
        "documents": folds_of([row.group for row in rows], folds, seed),
        "genres": np.unique(genres, return_inverse=True)[1],
        "sources": folds_of(sources, folds, seed),
    }
    dates = [documents[row.doc].date for row in rows]
    if all(dates):
        border = sorted({(str(documents[doc].date), doc) for doc in {row.doc for row in rows}})
        first_late = border[round((1 - late) * len(border))]
        found["date"] = np.array([(date, row.doc) >= first_late for date, row in zip(dates, rows, strict=True)], int)
    return found


def _answered(part: Part, rows: CrossFit, *, late: bool) -> Floats:
    """Margins (rows, themes); by date only the later rows are asked about, for the earlier must not know the later."""
    found = rows.out_of_fold(part)
    if late:
        found[rows.fold_of == 0] = np.nan
    return found


def _labelled(margins: Floats, calibration: Floats, thresholds: Floats) -> Bools:
    result: Bools = calibrate(np.nan_to_num(margins, nan=-np.inf), calibration) >= thresholds
    return result


def _masked(functions: Sequence[LabellingFunction], passage: Passage) -> Passage:
    return replace(
        passage, **{field: lexicon.masked(functions, getattr(passage, field)) for field in ("text", "before", "after")}
    )


def _axis(
    name: str,
    groups: int,
    asked: NDArray[np.bool_],
    gold: Bools,
    labels: Mapping[str, Bools],
    docs: NDArray[np.str_],
    themes: Sequence[str],
    resamples: int,
    seed: int,
) -> Axis:
    names = docs[asked].tolist()
    said, beside = labels[name][asked], labels["documents"][asked]
    knobs = {"resamples": resamples, "seed": seed}
    found = measure(Predictions(gold[asked], said, said.astype(np.float64), names), themes, **knobs)
    drop = None if name == "documents" else compare_labels(gold[asked], beside, said, names, themes, **knobs)[0]
    return Axis(name, groups, int(asked.sum()), found["macro_f1"], drop)


def main(options: argparse.Namespace) -> str:
    """Read the quick experiment as it was trained, write how far its score drops along each axis."""
    trained = training.loads((store.check(options.train) / "model.pkl").read_bytes())
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    documents = {row.id: row for row in tables.read(store.check(options.ingest) / "documents.parquet", Document)}
    functions = lexicon.load(options.patterns, codebook.load(options.codebook).ids)
    found = axes(trained, examples, documents, functions, **parameters(axes, options.params))
    with store.writing(options.out) as folder:
        store.write_json(folder / "axes.json", found)
    told = ", ".join(f"{one.name} {one.macro_f1.value}" for one in found)
    return f"{options.train.name}: macro-F1 {told}"


if __name__ == "__main__":
    run(main, stage(__doc__, "train", "ingest", "split", "codebook", "patterns", "out"))
