"""Static vectors as a step of a scikit-learn Pipeline: the encoder is asked while fitting, never afterwards."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from features import embeddings, static
from features.estimators import BaseEstimator, TransformerMixin
from features.resampling import Floats
from features.static import Pieces
from features.text import Passage
from features.transformer import States
from features.wordpiece import WordPieces

_SHRINKAGE = 0.01


class StaticVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Word-piece vectors whose weighted sums come close to the encoder's vectors of the sentences it was fitted on.

    Distillation into a table, as model2vec and tokenlearn do it (Tulkens and van Dongen 2024), in closed form: the goal
    is the `width` principal components of the sentence vectors of `layers`; a linear map takes the encoder's own piece
    embeddings as near to it as it can, and ridge regression (`penalty`) moves the pieces that occur to close the rest.
    A piece that never occurred keeps its mapped embedding, so unseen words have a meaning too.
    """

    def __init__(self, layers: Sequence[int], width: int, penalty: float) -> None:
        self.layers = layers
        self.width = width
        self.penalty = penalty

    def fit(self, passages: Sequence[Passage], _gold: object = None) -> "StaticVectors":
        """Learn idf, table and centre; raises as `encoder.load`."""
        texts = [passage.text for passage in passages]
        self.vocabulary_, embedded = embeddings.loaded().vocabulary()
        self.cut_ = WordPieces(self.vocabulary_)
        counted = static.counts(texts, self.cut_)
        idf = _idf(counted)
        table = _table(static.weighted(counted, idf), embedded, self._goal(texts), self.penalty)
        table = table.astype(np.float16).astype(np.float32)
        self.pieces_ = Pieces(idf, table, (static.weighted(counted, idf) @ table).mean(axis=0))
        return self

    def transform(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, width), rows of length 1."""
        texts = [passage.text for passage in passages]
        return static.vectors(static.counts(texts, self.cut_), self.pieces_).astype(np.float64)

    def _goal(self, texts: Sequence[str]) -> States:
        """Principal components of what the encoder says, shape (texts, width), the largest first."""
        states = embeddings.states(texts, self.layers)
        found = embeddings.vectors(states, states.mean(axis=0, dtype=np.float64))
        found -= found.mean(axis=0)
        directions = np.linalg.eigh(found.T @ found)[1][:, ::-1]
        return np.asarray(found @ directions[:, : self.width], dtype=np.float32)


def _idf(counted: csr_array) -> States:
    """Smoothed inverse document frequencies, as in scikit-learn, shape (pieces,)."""
    texts, pieces = counted.shape
    found = np.log((1 + texts) / (1 + np.bincount(counted.indices, minlength=pieces))) + 1
    return np.asarray(found, dtype=np.float32)


def _table(rows: csr_array, embedded: States, goal: States, penalty: float) -> States:
    """Vectors (pieces, width) with rows @ vectors near `goal`, up to a constant."""
    start = rows @ embedded
    start -= start.mean(axis=0)
    square = start.T @ start
    square[np.diag_indices(len(square))] += _SHRINKAGE * np.trace(square) / len(square)
    turn = np.linalg.solve(square, start.T @ goal)
    # Ridge regression in its dual form: as many unknowns as texts, fewer than pieces.
    meeting = (rows @ rows.T).toarray()
    meeting[np.diag_indices(len(meeting))] += np.float32(penalty)
    rest = cho_solve(cho_factor(meeting, lower=True, overwrite_a=True), goal - start @ turn)
    found: States = embedded @ turn + rows.T @ rest
    return found
