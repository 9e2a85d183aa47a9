"""Sentence vectors as a step of a scikit-learn Pipeline: raw text in, one dense row per text out."""

from collections.abc import Sequence

from sklearn.base import BaseEstimator, TransformerMixin

from features import embeddings
from features.resampling import Floats


class SentenceVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Vectors of the given layers of the encoder, centred on the texts it was fitted on; width 384 for each layer."""

    def __init__(self, layers: Sequence[int]) -> None:
        self.layers = layers

    def fit(self, texts: Sequence[str], _gold: object = None) -> "SentenceVectors":
        """Learn the centre, shape (layers, 384)."""
        self.centre_ = embeddings.states(texts, self.layers).mean(axis=0, dtype="float64")
        return self

    def transform(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, 384 * layers), rows of length 1."""
        return embeddings.vectors(embeddings.states(texts, self.layers), self.centre_)
