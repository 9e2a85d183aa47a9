"""Products with the matrix of inner products of rows, X Xᵀ, which is never formed."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from features.resampling import Floats


class Gram:
    """X Xᵀ for a sparse X (rows, features), to be multiplied from the right by columns (rows, k).

    A feature that one row alone has, as most pairs of words are, adds to that row's place on the diagonal and to no
    other: all of these together cost one number a row. The rest are put in order of frequency, so that those met most
    lie together in memory.
    """

    def __init__(self, matrix: csr_array) -> None:
        rows_with = np.bincount(matrix.indices, minlength=matrix.shape[1])
        alone, order = matrix[:, rows_with == 1], np.argsort(-rows_with, kind="stable")
        shared = matrix[:, order[: np.count_nonzero(rows_with > 1)]]
        self._shared: Any = csr_array(shared)
        self._transposed: Any = csr_array(shared.T)
        self._alone = np.asarray(alone.multiply(alone).sum(axis=1), dtype=np.float64)[:, None]

    def __matmul__(self, columns: Floats) -> Floats:
        """Shape (rows, k)."""
        result: Floats = self._shared @ (self._transposed @ columns) + self._alone * columns
        return result
