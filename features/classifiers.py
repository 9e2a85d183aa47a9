"""From an experiment file to a scikit-learn Pipeline: raw text in, one margin per theme out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from features import experiments, lexicon
from features.experiments import Experiment, NGrams
from features.lexicon import LabellingFunction
from features.metrics import Bools
from features.resampling import Floats

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def build(experiment: Experiment) -> "Pipeline":
    """An unfitted Pipeline of an n-gram union and one binary classifier per theme."""
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import FeatureUnion, Pipeline

    views = [(f"{number}-{view.of}", _vectorizer(view)) for number, view in enumerate(experiment.features)]
    return Pipeline(
        [("features", FeatureUnion(views)), ("classifier", OneVsRestClassifier(_classifier(experiment.classifier)))]
    )


def fit(experiment: Experiment, texts: Sequence[str], gold: Bools) -> "Pipeline":
    """Fit on `texts` and `gold` (n, themes); every column should have both values, or its margin is undefined."""
    import warnings

    with warnings.catch_warnings():
        # A fold may lack a theme: `margins` answers NaN for it.
        warnings.filterwarnings("ignore", message="Label .* is present in all training examples")
        warnings.filterwarnings("ignore", message="Label not .* is present in all training examples")
        return build(experiment).fit(list(texts), gold.astype(np.int64))


def margins(pipeline: "Pipeline", texts: Sequence[str]) -> Floats:
    """Shape (texts, themes): above 0 where the classifier leans to the theme; NaN for a theme it never saw."""
    matrix = pipeline[:-1].transform(list(texts))
    columns = [_margin(estimator, matrix) for estimator in pipeline[-1].estimators_]
    return np.column_stack(columns)


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


def _vectorizer(view: NGrams) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="word" if view.of == "words" else "char_wb",
        ngram_range=view.ngrams,
        min_df=view.min_df,
        sublinear_tf=view.sublinear_tf,
        use_idf=view.idf,
        norm=view.norm,
    )


def _classifier(classifier: experiments.Classifier) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import ComplementNB
    from sklearn.svm import LinearSVC

    match classifier:
        case experiments.ComplementNB(alpha=alpha):
            return ComplementNB(alpha=alpha)
        case experiments.LogisticRegression(c=c, balanced=balanced):
            return LogisticRegression(C=c, class_weight="balanced" if balanced else None, max_iter=1000)
        case experiments.LinearSVM(c=c, balanced=balanced):
            return LinearSVC(C=c, class_weight="balanced" if balanced else None, random_state=0)
    raise TypeError(f"{type(classifier).__name__} is not fitted on features")


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
