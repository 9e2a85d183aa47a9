"""Sentence vectors without the encoder: a weighted sum of the vectors of a sentence's word pieces, at unit length.

The vectors of the pieces are made by `distilled`; what is needed to use them, and to score with them, is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from features import kernels
from features.resampling import Floats
from features.wordpiece import WordPieces

Singles = NDArray[np.float32]
# Of the arrays that a static part is stored as.
NAMES = ("idf", "table", "centre", "support", "dual")


class StaticPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function of static vectors: Gaussian kernels around `rows` landmarks, or linear where `gamma` is null."""

    width: Annotated[int, msgspec.Meta(ge=1)]
    gamma: Annotated[float, msgspec.Meta(gt=0)] | None
    rows: Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Pieces:
    """`idf` (pieces,), `table` (pieces, width), and `centre` (width,), what the vectors of all sentences share.

    The table holds numbers of half precision, so that it can be stored as such.
    """

    idf: Singles
    table: Singles
    centre: Singles


@dataclass(frozen=True, slots=True)
class StaticWeights:
    """The pieces of a static part, its landmarks `support` (rows, width), and `dual`.

    `dual` is (themes, rows) for kernels; (themes, width) for a linear part, whose `support` is empty.
    """

    pieces: Pieces
    support: Singles
    dual: Floats


def arrays(weights: StaticWeights) -> dict[str, NDArray[Any]]:
    """The numbers as they are stored; `of_arrays` takes them back."""
    pieces = weights.pieces
    table = pieces.table.astype(np.float16)
    return {
        "idf": pieces.idf,
        "table": table,
        "centre": pieces.centre,
        "support": weights.support,
        "dual": weights.dual,
    }


def of_arrays(found: Mapping[str, NDArray[Any]]) -> StaticWeights:
    """The numbers from what `arrays` gave."""
    pieces = Pieces(found["idf"], found["table"].astype(np.float32), found["centre"])
    return StaticWeights(pieces, found["support"], found["dual"])


def shapes(part: StaticPart, pieces: int, themes: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of each stored array."""
    return {
        "idf": ((pieces,), "float32"),
        "table": ((pieces, part.width), "float16"),
        "centre": ((part.width,), "float32"),
        "support": ((part.rows, part.width), "float32"),
        "dual": ((themes, part.width if part.gamma is None else part.rows), "float64"),
    }


def counts(texts: Sequence[str], cut: WordPieces) -> csr_array:
    """How often each piece occurs in each text, shape (texts, pieces)."""
    numbers = [cut.numbers(text) for text in texts]
    edges = np.cumsum([0, *map(len, numbers)])
    indices = np.fromiter((number for of_text in numbers for number in of_text), np.int32, edges[-1])
    found = csr_array((np.ones(len(indices), dtype=np.float32), indices, edges), shape=(len(texts), cut.size))
    found.sum_duplicates()
    return found


def weighted(counted: csr_array, idf: Singles) -> csr_array:
    """Rows of length 1 of (1 + log count) times idf, from `counts`."""
    data = (np.log(counted.data) + np.float32(1)) * idf[counted.indices]
    rows = np.repeat(np.arange(counted.shape[0]), np.diff(counted.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=data * data, minlength=counted.shape[0])).astype(np.float32)
    return csr_array((data / lengths[rows], counted.indices, counted.indptr), shape=counted.shape)


def vectors(counted: csr_array, pieces: Pieces) -> Singles:
    """Shape (texts, width), rows of length 1, from `counts`."""
    found = weighted(counted, pieces.idf) @ pieces.table - pieces.centre
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def margins(counted: csr_array, part: StaticPart, weights: StaticWeights) -> Floats:
    """Shape (texts, themes), from `counts`."""
    rows = vectors(counted, weights.pieces)
    if part.gamma is None:
        linear: Floats = rows.astype(np.float64) @ weights.dual.T
        return linear
    return kernels.margins(rows, weights.support, part.gamma, weights.dual.T)
