"""Is one experiment better than another? Paired tests on the same documents, corrected for asking of every theme.

Approximate randomisation: Noreen (1989); Yeh (2000). Step-down correction: Holm (1979).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.metrics import Bools
from features.resampling import Floats, document_draws, interval, sums_by_document


@dataclass(frozen=True, slots=True)
class Difference:
    """F1 of `better` minus F1 of `other`, with 95 % interval and p-value (over themes: Holm-corrected)."""

    theme: str
    value: float
    low: float
    high: float
    p: float


def compare_labels(
    gold: Bools,
    first: Bools,
    second: Bools,
    documents: Sequence[str],
    themes: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> list[Difference]:
    """Differences first minus second: the macro-F1 (theme "macro"), then every theme that gold has.

    All arrays (sentences, themes); `documents` names each sentence's document.
    """
    return compare_draws(gold, [first], [second], documents, themes, resamples=resamples, seed=seed)


def compare_draws(
    gold: Bools,
    first: Sequence[Bools],
    second: Sequence[Bools],
    documents: Sequence[str],
    themes: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> list[Difference]:
    """As `compare_labels`, for models fitted several times: F1 is the mean over fits, documents stay whole in all."""
    names = sorted(set(documents))
    numbers = {name: number for number, name in enumerate(names)}
    rows = np.array([numbers[name] for name in documents], dtype=np.int64)
    kept = gold.sum(axis=0) > 0
    ours, theirs = (
        np.stack([_by_document(gold[:, kept], labels[:, kept], rows, len(names)) for labels in fits], axis=1)
        for fits in (first, second)
    )
    observed = _with_macro(_f1(ours.sum(axis=0)) - _f1(theirs.sum(axis=0)))
    draws = document_draws(len(names), resamples, seed)
    resampled = _f1(np.tensordot(draws, ours, 1)) - _f1(np.tensordot(draws, theirs, 1))
    low, high = interval(_with_macro(resampled))
    p = _randomisation_p(ours, theirs, observed, resamples, seed)
    p = np.concatenate([p[:1], holm(p[1:])])
    names_of_rows = ["macro", *(theme for theme, has in zip(themes, kept, strict=True) if has)]
    columns = np.round([observed, low, high, p], 6).T.tolist()
    return [Difference(theme, *column) for theme, column in zip(names_of_rows, columns, strict=True)]


def holm(p: Floats) -> Floats:
    """Holm's step-down correction of a family of p-values."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def in_words(first: str, second: str, differences: Sequence[Difference], *, alpha: float = 0.05) -> str:
    """One plain sentence: where they differ detectably, by how much, and that nothing was detected elsewhere."""
    found = [row for row in differences if row.p < alpha]
    if not found:
        return f"No detectable difference between {first} and {second}."
    clauses = []
    for winner, loser, rows in (
        (first, second, [row for row in found if row.value > 0]),
        (second, first, [row for row in found if row.value < 0]),
    ):
        if rows:
            gains = ", ".join(_gain(row) for row in rows)
            clauses.append(f"{winner} is better than {loser} on {gains}")
    rest = "; no detectable difference elsewhere" if len(found) < len(differences) else ""
    return "; ".join(clauses) + rest + "."


def _gain(row: Difference) -> str:
    low, high = sorted((abs(row.low), abs(row.high))) if row.low * row.high > 0 else (row.low, row.high)
    name = "macro-F1" if row.theme == "macro" else row.theme
    return f"{name} by {abs(row.value):.2f} [{low:.2f}, {high:.2f}]"


def _by_document(gold: Bools, labels: Bools, rows: NDArray[np.int64], documents: int) -> Floats:
    """Shape (documents, themes, 2): hits, and claims plus positives."""
    parts = np.stack([(gold & labels).astype(np.float64), gold.astype(np.float64) + labels], axis=2)
    return sums_by_document(parts, rows, documents)


def _f1(sums: Floats) -> Floats:
    """The mean over fits: sums (..., fits, themes, 2) to (..., themes)."""
    result: Floats = (2 * sums[..., 0] / np.maximum(sums[..., 1], 1)).mean(axis=-2)
    return result


def _with_macro(f1: Floats) -> Floats:
    return np.concatenate([f1.mean(axis=-1, keepdims=True), f1], axis=-1)


def _randomisation_p(ours: Floats, theirs: Floats, observed: Floats, resamples: int, seed: int) -> Floats:
    """How often exchanging the two experiments' answers on random documents makes as large a difference."""
    swapped = np.random.default_rng(seed).integers(0, 2, size=(resamples, len(ours))).astype(np.float64)
    change = np.tensordot(swapped, theirs - ours, 1)
    exchanged = _with_macro(_f1(ours.sum(axis=0) + change) - _f1(theirs.sum(axis=0) - change))
    as_large = np.abs(exchanged) >= np.abs(observed) - 1e-12
    result: Floats = (1 + as_large.sum(axis=0)) / (1 + resamples)
    return result
