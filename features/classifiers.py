"""From a part of an experiment to a scikit-learn Pipeline: raw text in, one margin per theme out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from features import experiments, lexicon
from features.errors import ResourceFailure
from features.experiments import Part
from features.lexicon import LabellingFunction
from features.metrics import Bools
from features.resampling import Floats

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


_ROWS_AT_ONCE = 1_000
# Kernel ridge regression holds a matrix of rows by rows: 3 GB at this many.
_MOST_KERNEL_ROWS = 20_000


def build(part: Part) -> "Pipeline":
    """An unfitted Pipeline: what the part sees of a text, then one binary classifier per theme."""
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import Pipeline

    classifier = _classifier(part.classifier)
    if not isinstance(part.classifier, experiments.KernelRidge):
        classifier = OneVsRestClassifier(classifier)
    return Pipeline([("features", _features(part)), ("classifier", classifier)])


def fit(part: Part, texts: Sequence[str], gold: Bools) -> "Pipeline":
    """Fit on `texts` and `gold` (n, themes); every column should have both values, or its margin is undefined."""
    import warnings

    if isinstance(part.classifier, experiments.KernelRidge) and len(texts) > _MOST_KERNEL_ROWS:
        raise ResourceFailure(
            f"kernel_ridge on {len(texts):,} sentences needs more memory than can be counted on (at most "
            f"{_MOST_KERNEL_ROWS:,}); take logistic_regression on the same `vectors`"
        )
    with warnings.catch_warnings():
        # A fold may lack a theme: `margins` answers NaN for it.
        warnings.filterwarnings("ignore", message="Label .* is present in all training examples")
        warnings.filterwarnings("ignore", message="Label not .* is present in all training examples")
        wanted = 2.0 * gold - 1.0 if isinstance(part.classifier, experiments.KernelRidge) else gold.astype(np.int64)
        pipeline = build(part).fit(list(texts), wanted)
    if is_kernel(pipeline):
        pipeline[-1].dual_coef_[:, gold.all(axis=0) | ~gold.any(axis=0)] = np.nan
    return pipeline


def margins(pipeline: "Pipeline", texts: Sequence[str]) -> Floats:
    """Shape (texts, themes): above 0 where the classifier leans to the theme; NaN for a theme it never saw."""
    matrix = pipeline[:-1].transform(list(texts))
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

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, themes): 1 where more functions vote for a theme than against it, else 0."""
        cast = lexicon.votes(self.functions, texts)
        return lexicon.majority(self.functions, cast, self.themes).astype(np.float64)


class MajorityClassifier:
    """Each theme's share of the training sentences, for any text."""

    def __init__(self, gold: Bools) -> None:
        self.shares = gold.mean(axis=0)

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, themes): the same row for every text."""
        return np.tile(self.shares, (len(texts), 1))


def _features(part: Part) -> Any:
    from sklearn.pipeline import FeatureUnion

    from features.vectorizer import NGramVectorizer

    if part.vectors:
        from features.vectors import SentenceVectors

        return SentenceVectors(part.vectors.layers)
    return FeatureUnion([(f"{number}-{view.of}", NGramVectorizer(view)) for number, view in enumerate(part.features)])


def _classifier(classifier: experiments.Trainable) -> Any:
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.naive_bayes import ComplementNB
    from sklearn.svm import LinearSVC

    match classifier:
        case experiments.ComplementNB(alpha=alpha):
            return ComplementNB(alpha=alpha)
        case experiments.LogisticRegression(c=c, balanced=balanced):
            return LogisticRegression(C=c, class_weight="balanced" if balanced else None, max_iter=1000)
        case experiments.LinearSVM(c=c, balanced=balanced):
            return LinearSVC(C=c, class_weight="balanced" if balanced else None, random_state=0)
        case experiments.AveragedSGD(loss=loss, penalty=penalty, balanced=balanced):
            weight = "balanced" if balanced else None
            return SGDClassifier(loss=loss, alpha=penalty, average=True, class_weight=weight, random_state=0)
        case experiments.KernelRidge(gamma=gamma, penalty=penalty):
            return KernelRidge(kernel="rbf", gamma=gamma, alpha=penalty)


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
