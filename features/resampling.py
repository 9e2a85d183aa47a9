"""The document bootstrap: sentences of one document resemble each other, so whole documents are drawn."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def document_draws(documents: int, resamples: int, seed: int) -> Floats:
    """How often each document is drawn in each resample: shape (resamples, documents), rows sum to `documents`.

    The same arguments give the same draws, so experiments measured on the same documents stay paired.
    Efron (1979), with the document as the unit.
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(documents, np.full(documents, 1 / documents), size=resamples).astype(np.float64)


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
