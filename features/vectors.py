"""Sentence vectors as a step of a scikit-learn Pipeline: passages in, one dense row each out."""

from collections.abc import Sequence

from features import embeddings
from features.estimators import BaseEstimator, TransformerMixin
from features.resampling import Floats
from features.text import Passage
from features.transformer import States


class SentenceVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Vectors of the given layers of the encoder, centred on those it was fitted on; width 384 for each layer."""

    def __init__(self, layers: Sequence[int]) -> None:
        self.layers = layers

    def fit(self, passages: Sequence[Passage], _gold: object = None) -> "SentenceVectors":
        """Learn the centre, shape (layers, 384)."""
        self.centre_ = self._states(passages).mean(axis=0, dtype="float64")
        return self

    def transform(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, 384 * layers), rows of length 1."""
        return embeddings.vectors(self._states(passages), self.centre_)

    def _states(self, passages: Sequence[Passage]) -> States:
        return embeddings.states([passage.text for passage in passages], self.layers)
