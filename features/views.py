"""What a part of an experiment sees of a passage, as the first step of a scikit-learn Pipeline: passages in."""

from collections.abc import Sequence
from typing import Any

from scipy.sparse import csr_array, hstack

from features import lexicon
from features.adapted import Adapted
from features.distilled import StaticVectors
from features.estimators import BaseEstimator, TransformerMixin
from features.experiments import NGrams, Part
from features.lexicon import LabellingFunction
from features.text import Passage
from features.vectorizer import NGramVectorizer
from features.vectors import SentenceVectors

LEXICON = "lexicon"


class LexiconHits(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """1 where a labelling function fires on the sentence, whichever way it votes; shape (passages, functions)."""

    def __init__(self, functions: Sequence[LabellingFunction]) -> None:
        self.functions = functions

    def fit(self, _passages: Sequence[Passage], _gold: object = None) -> "LexiconHits":
        """Nothing is learned."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, passages: Sequence[Passage]) -> csr_array:
        """Sparse, float64."""
        return lexicon.hits(self.functions, [passage.text for passage in passages])


def build(part: Part, functions: Sequence[LabellingFunction]) -> Any:
    """An unfitted transformer of passages: n-grams and lexicon side by side, sentence vectors, or static vectors."""
    from sklearn.pipeline import FeatureUnion

    if part.vectors:
        return SentenceVectors(part.vectors.layers)
    if part.static:
        return StaticVectors(part.static.layers, part.static.width, part.static.penalty)
    steps: list[tuple[str, Any]] = [(_name(n, view), NGramVectorizer(view)) for n, view in enumerate(part.features)]
    weights = {_name(n, view): view.weight for n, view in enumerate(part.features)}
    if part.lexicon:
        steps.append((LEXICON, LexiconHits(functions)))
        weights[LEXICON] = part.lexicon.weight
    return FeatureUnion(steps, transformer_weights=weights)


def fit_transform(view: Any, passages: Sequence[Passage], gold: object = None) -> Any:
    """What `view.fit_transform` gives, without FeatureUnion's copies of a matrix that may be the most there is."""
    if not hasattr(view, "transformer_list"):
        return view.fit_transform(passages, gold)
    return _side_by_side(view, [step.fit_transform(passages, gold) for _, step in view.transformer_list])


def transform(view: Any, passages: Sequence[Passage]) -> Any:
    """What `view.transform` gives, without these copies."""
    if not hasattr(view, "transformer_list"):
        return view.transform(passages)
    return _side_by_side(view, [step.transform(passages) for _, step in view.transformer_list])


def vectorizers(pipeline: Any) -> list[NGramVectorizer]:
    """The n-gram views of a fitted pipeline, in the order of the part's features; none for what reads an encoder."""
    return [step for name, step in _steps(pipeline) if name != LEXICON]


def functions(pipeline: Any) -> list[LabellingFunction]:
    """What the lexicon of a fitted pipeline looks for; empty where it has none."""
    return [function for name, step in _steps(pipeline) if name == LEXICON for function in step.functions]


def _side_by_side(union: Any, matrices: Sequence[csr_array]) -> csr_array:
    """Matrices of the steps of a FeatureUnion times their weights, which are put into them."""
    for (name, _), matrix in zip(union.transformer_list, matrices, strict=True):
        matrix.data *= union.transformer_weights[name]
    return matrices[0] if len(matrices) == 1 else csr_array(hstack(matrices, format="csr"))


def _steps(pipeline: Any) -> list[tuple[str, Any]]:
    first = None if isinstance(pipeline, Adapted) else pipeline[0]
    return getattr(first, "transformer_list", [])


def _name(number: int, view: NGrams) -> str:
    return f"{number}-{view.field}-{view.of}"
