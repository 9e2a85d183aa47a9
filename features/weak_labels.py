"""Weak labels of sentences whose gold is hidden, and what the gold says of them: here it is the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features import label_model, lexicon
from features.comparison import Difference, compare_labels
from features.gold import gold_matrix
from features.label_model import LabelModel
from features.lexicon import LabellingFunction, Votes
from features.metrics import Bools, Predictions
from features.text import Example


@dataclass(frozen=True, slots=True)
class WeakLabels:
    """What `functions` say of `rows` (n): their votes `cast` (n, functions), and `labels` (n, themes) by each kind."""

    rows: Sequence[Example]
    themes: Sequence[str]
    functions: Sequence[LabellingFunction]
    cast: Votes
    model: LabelModel
    labels: Mapping[str, Bools]


@dataclass(frozen=True, slots=True)
class Trust:
    """How often a vote that a function casts is right: as the label model believes, and by the gold it did not see."""

    function: str
    theme: str
    votes: int
    believed: float
    on_gold: float | None


def label_weakly(rows: Sequence[Example], functions: Sequence[LabellingFunction], themes: Sequence[str]) -> WeakLabels:
    """Labels by majority vote and by a label model; the gold of `rows` has no part in them.

    No labels at all where functions speak in fewer than two documents: a model learns nothing from one.
    """
    cast = lexicon.votes(functions, [row.text for row in rows])
    model = label_model.fit(functions, cast, themes)
    if len({row.doc for row, spoken in zip(rows, cast, strict=True) if spoken.any()}) < 2:
        return WeakLabels(rows, themes, functions, cast, model, {})
    labels = {"majority": lexicon.majority(functions, cast, themes), "label_model": model.labels(cast)}
    return WeakLabels(rows, themes, functions, cast, model, labels)


def weak_rows(made: WeakLabels, kind: str) -> list[Example]:
    """The sentences on which any function speaks, with weak labels in place of gold; the others have no label."""
    return [
        replace(
            row, themes=[theme for theme, holds in zip(made.themes, labels, strict=True) if holds], label_source="weak"
        )
        for row, labels, votes in zip(made.rows, made.labels[kind], made.cast, strict=True)
        if votes.any()
    ]


def against_gold(made: WeakLabels, kind: str) -> Predictions:
    """One kind of weak label beside the gold that was hidden from it."""
    labels = made.labels[kind]
    return Predictions(
        gold_matrix(made.rows, made.themes), labels, labels.astype(np.float64), [row.doc for row in made.rows]
    )


def label_model_gain(made: WeakLabels, *, resamples: int, seed: int) -> list[Difference]:
    """F1 of the label model's labels minus that of the majority vote's, paired over documents; none without labels."""
    if not made.labels:
        return []
    gold, documents = gold_matrix(made.rows, made.themes), [row.doc for row in made.rows]
    ours, theirs = (made.labels[kind] for kind in ("label_model", "majority"))
    return compare_labels(gold, ours, theirs, documents, made.themes, resamples=resamples, seed=seed)


def trust(made: WeakLabels) -> list[Trust]:
    """Each function's accuracy; on gold it is undefined for one that never speaks."""
    gold = gold_matrix(made.rows, made.themes)
    found = []
    for function, cast, believed in zip(made.functions, made.cast.T, made.model.accuracies, strict=True):
        spoken = cast != 0
        right = (cast > 0) == gold[:, list(made.themes).index(function.theme)]
        on_gold = round(float(right[spoken].mean()), 6) if spoken.any() else None
        found.append(Trust(function.name, function.theme, int(spoken.sum()), round(float(believed), 6), on_gold))
    return found
