"""How good predictions are, theme by theme and averaged, each with a document-bootstrap interval.

A theme without a gold positive has no precision, recall, F1 or average precision: null, and left out of averages.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.resampling import Floats, document_draws, interval, sums_by_document

Bools = NDArray[np.bool_]
CALIBRATION_BINS = 10
_DRAWS_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions beside the truth: `gold`, `labels`, `probabilities` (n, themes); `documents` (n,)."""

    gold: Bools
    labels: Bools
    probabilities: Floats
    documents: Sequence[str]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its 95 % interval; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


def measure(predictions: Predictions, themes: Sequence[str], *, resamples: int, seed: int) -> dict[str, Estimate]:
    """All metrics by name: `f1/<theme>`, ..., and `macro_f1`, `macro_average_precision`, ..., `micro_f1`."""
    names = sorted(set(predictions.documents))
    numbers = {name: number for number, name in enumerate(names)}
    documents = np.array([numbers[name] for name in predictions.documents], dtype=np.int64)
    # The first row of the draws takes every document once: the point estimate.
    draws = np.vstack([np.ones(len(names)), document_draws(len(names), resamples, seed)])
    half = Predictions(predictions.gold, predictions.probabilities >= 0.5, predictions.probabilities, names)
    defined = predictions.gold.any(axis=0)
    columns = _counts(predictions, documents, draws) | {
        "average_precision": _average_precision(predictions, documents, draws),
        "brier": _brier(predictions, documents, draws),
        "calibration_error": _calibration_error(predictions, documents, draws),
        "f1_at_half": _counts(half, documents, draws)["f1"],
    }
    needs_positives = {"precision", "recall", "f1", "average_precision", "f1_at_half"}
    found: dict[str, Estimate] = {"micro_f1": _estimate(_micro_f1(predictions, documents, draws))}
    for name, column in columns.items():
        kept = np.where(defined, column, np.nan) if name in needs_positives else column
        found[f"macro_{name}"] = _estimate(_mean(kept))
        found |= {f"{name}/{theme}": _estimate(kept[:, number]) for number, theme in enumerate(themes)}
    return found


def flat(measured: Mapping[str, Mapping[str, Estimate]]) -> dict[str, float | None]:
    """Metric names as MLflow shows them: `test/f1/financing`, `test/f1_low/financing`, `test/f1_high/financing`."""
    found: dict[str, float | None] = {}
    for part, estimates in measured.items():
        for name, estimate in estimates.items():
            metric, slash, theme = name.partition("/")
            found[f"{part}/{name}"] = estimate.value
            found[f"{part}/{metric}_low{slash}{theme}"] = estimate.low
            found[f"{part}/{metric}_high{slash}{theme}"] = estimate.high
    return found


def ratio(parts: Floats, wholes: Floats, documents: Sequence[str], *, resamples: int, seed: int) -> Estimate:
    """The sum of `parts` over that of `wholes`, one number of each per sentence (n,), with its interval."""
    names, numbers = np.unique(list(documents), return_inverse=True)
    draws = np.vstack([np.ones(len(names)), document_draws(len(names), resamples, seed)])
    sums = draws @ sums_by_document(np.column_stack([parts, wholes]).astype(np.float64), numbers, len(names))
    with np.errstate(divide="ignore", invalid="ignore"):
        return _estimate(np.where(sums[:, 1] > 0, sums[:, 0] / sums[:, 1], np.nan))


def macro_f1(gold: Bools, labels: Bools) -> float:
    """The mean over themes of 2 TP / (2 TP + FP + FN), themes without a gold positive left out."""
    hits = (gold & labels).sum(axis=0)
    scores = 2 * hits / np.maximum(gold.sum(axis=0) + labels.sum(axis=0), 1)
    return float(scores[gold.any(axis=0)].mean()) if gold.any() else math.nan


def macro_average_precision(gold: Bools, scores: Floats) -> float:
    """The mean over themes of how well `scores` (n, themes) rank, themes without a gold positive left out."""
    every = Predictions(gold, gold, scores, [])
    found = _average_precision(every, np.zeros(len(gold), dtype=np.int64), np.ones((1, 1)))[0]
    return float(found[gold.any(axis=0)].mean()) if gold.any() else math.nan


def _counts(predictions: Predictions, documents: NDArray[np.int64], draws: Floats) -> dict[str, Floats]:
    """Precision, recall and F1, each (draws, themes), from hits, claims and positives summed by document."""
    hits, claims, positives = _sums(predictions, documents, draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(claims > 0, hits / claims, 0.0)
        recall = np.where(positives > 0, hits / positives, np.nan)
        f1 = np.where(positives > 0, 2 * hits / (claims + positives), np.nan)
    return {"precision": precision, "recall": recall, "f1": f1}


def _micro_f1(predictions: Predictions, documents: NDArray[np.int64], draws: Floats) -> Floats:
    hits, claims, positives = (part.sum(axis=1) for part in _sums(predictions, documents, draws))
    result: Floats = 2 * hits / np.maximum(claims + positives, 1)
    return result


def _sums(predictions: Predictions, documents: NDArray[np.int64], draws: Floats) -> list[Floats]:
    masks = (predictions.gold & predictions.labels, predictions.labels, predictions.gold)
    return [draws @ sums_by_document(mask.astype(np.float64), documents, draws.shape[1]) for mask in masks]


def _average_precision(predictions: Predictions, documents: NDArray[np.int64], draws: Floats) -> Floats:
    """Sum of precision times the step in recall over distinct probabilities, high to low, weighted by the draws."""
    columns = []
    for gold, probabilities in zip(predictions.gold.T, predictions.probabilities.T, strict=True):
        order = np.argsort(-probabilities, kind="stable")
        last_of_ties = np.flatnonzero(np.append(np.diff(probabilities[order]) != 0, True))
        parts = [
            _average_precision_of(draws[start : start + _DRAWS_AT_ONCE][:, documents[order]], gold[order], last_of_ties)
            for start in range(0, len(draws), _DRAWS_AT_ONCE)
        ]
        columns.append(np.concatenate(parts))
    return np.column_stack(columns)


def _average_precision_of(weights: Floats, gold: Bools, last_of_ties: NDArray[np.int64]) -> Floats:
    hits = np.cumsum(weights * gold, axis=1)[:, last_of_ties]
    claims = np.cumsum(weights, axis=1)[:, last_of_ties]
    steps = np.diff(hits, axis=1, prepend=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(claims > 0, steps * hits / claims, 0.0).sum(axis=1)
        result: Floats = np.where(hits[:, -1] > 0, terms / hits[:, -1], np.nan)
    return result


def _brier(predictions: Predictions, documents: NDArray[np.int64], draws: Floats) -> Floats:
    squared = (predictions.probabilities - predictions.gold) ** 2
    return _weighted_mean(squared, documents, draws)


def _weighted_mean(values: Floats, documents: NDArray[np.int64], draws: Floats) -> Floats:
    sizes = np.bincount(documents, minlength=draws.shape[1]).astype(np.float64)
    result: Floats = (draws @ sums_by_document(values, documents, draws.shape[1])) / (draws @ sizes)[:, None]
    return result


def _calibration_error(predictions: Predictions, documents: NDArray[np.int64], draws: Floats) -> Floats:
    """Expected calibration error over bins of equal mass, the bins fixed by the whole sample."""
    columns = []
    sizes = np.bincount(documents, minlength=draws.shape[1]).astype(np.float64)
    for gold, probabilities in zip(predictions.gold.T, predictions.probabilities.T, strict=True):
        bins = equal_mass_bins(probabilities)
        gaps = np.zeros((len(gold), CALIBRATION_BINS))
        gaps[np.arange(len(gold)), bins] = probabilities - gold
        by_draw = draws @ sums_by_document(gaps, documents, draws.shape[1])
        columns.append(np.abs(by_draw).sum(axis=1) / (draws @ sizes))
    return np.column_stack(columns)


def equal_mass_bins(probabilities: Floats) -> NDArray[np.int64]:
    """The bin (0 to 9) of each probability; bins hold equally many, ties stay in input order."""
    ranks = np.empty(len(probabilities), dtype=np.int64)
    ranks[np.argsort(probabilities, kind="stable")] = np.arange(len(probabilities))
    return ranks * CALIBRATION_BINS // max(1, len(probabilities))


def _mean(columns: Floats) -> Floats:
    known = ~np.isnan(columns)
    with np.errstate(invalid="ignore"):
        result: Floats = np.where(known, columns, 0.0).sum(axis=1) / known.sum(axis=1)
    return result


def _estimate(column: Floats) -> Estimate:
    low, high = interval(column[1:])
    return Estimate(_rounded(column[0]), _rounded(low), _rounded(high))


def _rounded(value: Floats | np.float64) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
