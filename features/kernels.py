"""Sums of Gaussian kernels, at single precision: for many rows and thousands of kernels."""

import numpy as np
from numpy.typing import NDArray

from features.resampling import Floats

Singles = NDArray[np.float32]
_ROWS_AT_ONCE = 256


def margins(rows: Singles, support: Singles, gamma: float, dual: Floats) -> Floats:
    """Sums of Gaussian kernels around `support` (m, width), weighted by `dual` (m, targets); shape (n, targets).

    Worked out in blocks of one shape, so that a row's figures do not depend on its company; on some processors they do
    on its place, in the last bits of single precision.
    """
    found = np.empty((len(rows), dual.shape[1]))
    block = np.zeros((_ROWS_AT_ONCE, rows.shape[1]), dtype=np.float32)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        piece = rows[start : start + _ROWS_AT_ONCE]
        block[: len(piece)] = piece
        found[start : start + _ROWS_AT_ONCE] = (gaussian(block, support, gamma) @ dual)[: len(piece)]
    return found


def gaussian(rows: Singles, support: Singles, gamma: float) -> Singles:
    """exp(-gamma * squared distance), shape (n, m)."""
    found = rows @ support.T
    found *= np.float32(2 * gamma)
    found -= np.float32(gamma) * np.einsum("ij,ij->i", rows, rows)[:, None]
    found -= np.float32(gamma) * np.einsum("ij,ij->i", support, support)
    np.minimum(found, 0, out=found)
    result: Singles = np.exp(found, out=found)
    return result
