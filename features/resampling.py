"""The document bootstrap: sentences of one document resemble each other, so whole documents are drawn."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.errors import UsageFailure

Floats = NDArray[np.float64]


def document_draws(documents: int, resamples: int, seed: int) -> Floats:
    """How often each document is drawn in each resample: shape (resamples, documents), rows sum to `documents`.

    The same arguments give the same draws, so experiments measured on the same documents stay paired.
    Efron (1979), with the document as the unit.
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(documents, np.full(documents, 1 / documents), size=resamples).astype(np.float64)


def nested_shares(
    documents: Sequence[str], shares: Sequence[float], draws: int, seed: int
) -> list[list[frozenset[str]]]:
    """For each share, one random set of documents per draw; within a draw a larger share holds the smaller ones.

    At least two documents; every draw of all of them is the same draw, so there is only one.
    """
    names = sorted(set(documents))
    orders = [np.random.default_rng(seed + draw).permutation(names).tolist() for draw in range(draws)]
    counts = [min(len(names), max(2, round(share * len(names)))) for share in shares]
    return [[frozenset(order[:n]) for order in (orders if n < len(names) else orders[:1])] for n in counts]


def interval(values: Floats) -> tuple[Floats, Floats]:
    """The 95 % percentile interval along the first axis; undefined resamples (NaN) are left out."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of NaN alone has no interval: NaN is the answer
        low, high = np.nanpercentile(values, [2.5, 97.5], axis=0)
    return low, high


def sums_by_document(values: Floats, documents: NDArray[np.int64], count: int) -> Floats:
    """Sum rows of `values` (sentences, ...) into (count, ...) by the document number of each row."""
    total = np.zeros((count, *values.shape[1:]))
    np.add.at(total, documents, values)
    return total


def folds_of(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """A fold for each row, the same for rows of one group, as many groups in each fold as can be."""
    names = sorted(set(groups))
    if len(names) < 2:
        raise UsageFailure("train has fewer than two documents with gold labels; annotate more: make annotations")
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[index]: place % folds for place, index in enumerate(order)}
    return np.array([fold_of[group] for group in groups], dtype=np.int64)
