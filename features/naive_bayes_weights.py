"""Logistic regression on features weighed by naive Bayes (Wang and Manning 2012): few examples, many rare terms."""

from typing import Any

import numpy as np

from features.estimators import BaseEstimator, ClassifierMixin
from features.resampling import Floats


class NaiveBayesWeighted(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Any linear classifier of two classes, each feature multiplied by the size of its log-count ratio.

    The ratio is that of a feature's share of all occurrences within the class and outside it, counted by presence with
    one more of each; its mean size is made 1, so that the classifier's own penalty keeps its meaning. `coef_` (1,
    features) and `intercept_` (1,) are those of the features as given.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, matrix: Any, gold: Any) -> "NaiveBayesWeighted":
        """`matrix` (n, features) sparse, `gold` (n,) of 0 and 1."""
        from sklearn.base import clone

        inside = np.asarray(gold) == 1
        ratio = _log_count_ratio(matrix[inside], matrix[~inside])
        size = np.abs(ratio) / np.abs(ratio).mean()
        fitted = clone(self.classifier).fit(matrix.multiply(size).tocsr(), gold)
        self.classes_ = fitted.classes_
        self.coef_ = fitted.coef_ * size
        self.intercept_ = fitted.intercept_
        return self

    def decision_function(self, matrix: Any) -> Floats:
        """Shape (n,)."""
        return np.asarray(matrix @ self.coef_[0] + self.intercept_[0], dtype=np.float64)


def _log_count_ratio(inside: Any, outside: Any) -> Floats:
    first, second = (np.asarray((rows != 0).sum(axis=0), dtype=np.float64).ravel() + 1.0 for rows in (inside, outside))
    ratio: Floats = np.log(first / first.sum()) - np.log(second / second.sum())
    return ratio
