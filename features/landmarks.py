"""Kernel ridge regression through landmarks: fast enough to score thousands of sentences a second."""

from typing import Any

import numpy as np

from features import kernels
from features.estimators import BaseEstimator
from features.resampling import Floats

_LEAST = 1e-6


class LandmarkRidge(BaseEstimator):  # type: ignore[misc]
    """Ridge regression in the span of Gaussian kernels around some of the training rows.

    The subset of regressors of Smola and Schölkopf (2000): as kernel ridge regression, with a cost that does not grow
    with the training set. The rows are drawn at random, seeded.
    """

    def __init__(self, landmarks: int, gamma: float, penalty: float, seed: int = 0) -> None:
        self.landmarks = landmarks
        self.gamma = gamma
        self.penalty = penalty
        self.seed = seed

    def fit(self, rows: Any, wanted: Floats) -> "LandmarkRidge":
        """Learn from `rows` (n, width) and `wanted` (n, targets)."""
        distinct = np.unique(np.asarray(rows, dtype=np.float32), axis=0)
        drawn = np.random.default_rng(self.seed).permutation(len(distinct))[: self.landmarks]
        self.landmarks_ = distinct[np.sort(drawn)]
        seen = kernels.gaussian(np.asarray(rows, dtype=np.float32), self.landmarks_, self.gamma).astype(np.float64)
        own = kernels.gaussian(self.landmarks_, self.landmarks_, self.gamma).astype(np.float64)
        system = seen.T @ seen + self.penalty * own
        # Landmarks that nearly coincide would leave it without a single solution.
        system[np.diag_indices(len(system))] += _LEAST
        self.dual_coef_ = np.linalg.solve(system, seen.T @ wanted).astype(np.float64)
        return self

    def predict(self, rows: Any) -> Floats:
        """Shape (n, targets)."""
        return kernels.margins(np.asarray(rows, dtype=np.float32), self.landmarks_, self.gamma, self.dual_coef_)
