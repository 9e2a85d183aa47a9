"""Products with the matrix of inner products of rows, X Xᵀ, which is never formed."""

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
        order = np.argsort(-rows_with, kind="stable")
        self._features = matrix.shape[1]
        self._columns = order[rows_with[order] > 1], order[rows_with[order] == 1]
        self._shared, self._alone = (csr_array(matrix[:, columns]) for columns in self._columns)
        self._diagonal = np.asarray(self._alone.multiply(self._alone).sum(axis=1), dtype=np.float64)[:, None]

    def __matmul__(self, columns: Floats) -> Floats:
        """Shape (rows, k)."""
        result: Floats = self._shared @ (self._shared.T @ columns) + self._diagonal * columns
        return result

    def sums(self, columns: Floats) -> Floats:
        """Xᵀ times `columns`, the sums of rows that they stand for; shape (features, k)."""
        found = np.zeros((self._features, columns.shape[1]))
        for places, matrix in zip(self._columns, (self._shared, self._alone), strict=True):
            found[places] = matrix.T @ columns
        return found
