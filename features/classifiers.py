"""From a part of an experiment to a scikit-learn Pipeline: passages in, one margin per theme out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from features import experiments, lexicon, views
from features.adapted import Adapted
from features.errors import ResourceFailure
from features.experiments import Part
from features.lexicon import LabellingFunction
from features.metrics import Bools
from features.naive_bayes_weights import NaiveBayesWeighted
from features.resampling import Floats
from features.text import Passage

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


_ROWS_AT_ONCE = 1_000
# Kernel ridge regression holds a matrix of rows by rows: 3 GB at this many, for each fold that is fitted at once.
_MOST_KERNEL_ROWS = 20_000
_REGRESSIONS = (experiments.KernelRidge, experiments.LandmarkRidge)


def build(part: Part, functions: Sequence[LabellingFunction]) -> "Pipeline":
    """An unfitted Pipeline: what the part sees of a passage, then one binary classifier per theme."""
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import Pipeline

    classifier = _classifier(part.classifier)
    if not isinstance(part.classifier, _REGRESSIONS):
        classifier = OneVsRestClassifier(classifier)
    return Pipeline([("features", views.build(part, functions)), ("classifier", classifier)])


def fit(part: Part, passages: Sequence[Passage], gold: Bools, functions: Sequence[LabellingFunction]) -> "Pipeline":
    """Fit on `passages` and `gold` (n, themes); every column should have both values, or its margin is undefined.

    `functions` are what a part's lexicon looks for.
    """
    if len(passages) > _MOST_KERNEL_ROWS and (part.static or isinstance(part.classifier, experiments.KernelRidge)):
        what, instead = ("`static`", "`features`") if part.static else ("kernel_ridge", "logistic_regression")
        raise ResourceFailure(
            f"{what} on {len(passages):,} sentences needs more memory than can be counted on (at most "
            f"{_MOST_KERNEL_ROWS:,}); take {instead}"
        )
    wanted = 2.0 * gold - 1.0 if isinstance(part.classifier, _REGRESSIONS) else gold.astype(np.int64)
    pipeline = build(part, functions)
    pipeline[-1].fit(views.fit_transform(pipeline[0], passages, wanted), wanted)
    if is_kernel(pipeline):
        pipeline[-1].dual_coef_[:, gold.all(axis=0) | ~gold.any(axis=0)] = np.nan
    return pipeline


@contextmanager
def themes_may_be_missing() -> Iterator[None]:
    """Within the block nobody warns that a fold lacks a theme: `margins` answers NaN for it.

    To be entered before any threads are started: how warnings are handled is one setting for all of them.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Label .* is present in all training examples")
        warnings.filterwarnings("ignore", message="Label not .* is present in all training examples")
        yield


def margins(pipeline: "Pipeline | Adapted", passages: Sequence[Passage]) -> Floats:
    """Shape (passages, themes): above 0 where the classifier leans to the theme; NaN for a theme it never saw."""
    if isinstance(pipeline, Adapted):
        return pipeline.margins(passages)
    matrix = views.transform(pipeline[0], passages)
    if is_kernel(pipeline):
        pieces = [pipeline[-1].predict(matrix[at : at + _ROWS_AT_ONCE]) for at in range(0, len(matrix), _ROWS_AT_ONCE)]
        return np.concatenate(pieces)
    columns = [_margin(estimator, matrix) for estimator in pipeline[-1].estimators_]
    return np.column_stack(columns)


def is_kernel(pipeline: "Pipeline") -> bool:
    """Whether margins are sums over training rows, not a linear function of the features."""
    return hasattr(pipeline[-1], "dual_coef_")


def weights(pipeline: "Pipeline") -> tuple[Floats, Floats]:
    """The margins as a linear function of the features: (themes, features) and (themes,)."""
    pairs = [_weights(estimator) for estimator in pipeline[-1].estimators_]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


class KeywordClassifier:
    """The labelling functions' majority vote, with the face of a fitted classifier."""

    def __init__(self, functions: Sequence[LabellingFunction], themes: Sequence[str]) -> None:
        self.functions = list(functions)
        self.themes = list(themes)

    def probabilities(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, themes): 1 where more functions vote for a theme than against it, else 0."""
        cast = lexicon.votes(self.functions, [passage.text for passage in passages])
        return lexicon.majority(self.functions, cast, self.themes).astype(np.float64)


class MajorityClassifier:
    """Each theme's share of the training sentences, for any passage."""

    def __init__(self, gold: Bools) -> None:
        self.shares = gold.mean(axis=0)

    def probabilities(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, themes): the same row for every passage."""
        return np.tile(self.shares, (len(passages), 1))


def _classifier(classifier: experiments.Trainable) -> Any:
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.naive_bayes import ComplementNB
    from sklearn.svm import LinearSVC

    from features.landmarks import LandmarkRidge

    match classifier:
        case experiments.ComplementNB(alpha=alpha):
            return ComplementNB(alpha=alpha)
        case experiments.LogisticRegression(c=c, balanced=balanced, naive_bayes=naive_bayes):
            regression = LogisticRegression(C=c, class_weight="balanced" if balanced else None, max_iter=1000)
            return NaiveBayesWeighted(regression) if naive_bayes else regression
        case experiments.LinearSVM(c=c, balanced=balanced):
            return LinearSVC(C=c, class_weight="balanced" if balanced else None, random_state=0)
        case experiments.AveragedSGD(loss=loss, penalty=penalty, balanced=balanced):
            weight = "balanced" if balanced else None
            return SGDClassifier(loss=loss, alpha=penalty, average=True, class_weight=weight, random_state=0)
        case experiments.KernelRidge(gamma=gamma, penalty=penalty):
            return KernelRidge(kernel="rbf", gamma=gamma, alpha=penalty)
        case experiments.LandmarkRidge(gamma=gamma, penalty=penalty, landmarks=landmarks):
            return LandmarkRidge(landmarks, gamma, penalty)


def _margin(estimator: Any, matrix: Any) -> Floats:
    if hasattr(estimator, "coef_"):
        return np.asarray(estimator.decision_function(matrix), dtype=np.float64)
    if hasattr(estimator, "predict_joint_log_proba"):
        joint = estimator.predict_joint_log_proba(matrix)
        return np.asarray(joint[:, 1] - joint[:, 0], dtype=np.float64)
    return np.full(matrix.shape[0], np.nan)


def _weights(estimator: Any) -> tuple[Floats, float]:
    if hasattr(estimator, "coef_"):
        return estimator.coef_[0], float(estimator.intercept_[0])
    return estimator.feature_log_prob_[1] - estimator.feature_log_prob_[0], 0.0
