"""N-gram counts without scikit-learn: the same terms, term by term, as its CountVectorizer makes of the same text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from features.experiments import NGrams
from features.resampling import Floats
from features.text import Passage

_WORD = re.compile(r"(?u)\b\w\w+\b")
_SPACES = re.compile(r"\s\s+")
# A sentence is met again as a neighbour of the next one and of the one before.
_REMEMBERED = 4096


def terms(text: str, view: NGrams) -> list[str]:
    """All n-grams of `text` in this view, repeated as often as they occur."""
    lowered = text.lower()
    return list(_word_ngrams(lowered, *view.ngrams) if view.of == "words" else _character_ngrams(lowered, *view.ngrams))


def matrix(passages: Sequence[Passage], view: NGrams, vocabulary: Mapping[str, int], idf: Floats | None) -> csr_array:
    """Term weights, shape (passages, vocabulary), float64, of the view's field and times its weight.

    A term weighs tf or 1 + log tf, times its idf, in rows of length 1 where the view asks for it.
    """
    indices: list[int] = []
    edges = [0]
    for passage in passages:
        columns = map(vocabulary.get, terms(getattr(passage, view.field), view))
        indices += [column for column in columns if column is not None]
        edges.append(len(indices))
    return csr_array(weighed(np.array(indices, dtype=np.int64), np.array(edges), len(vocabulary), view, idf))


def weighed(
    columns: NDArray[np.int64], edges: NDArray[np.int64], size: int, view: NGrams, idf: Floats | None
) -> csc_array:
    """What occurrences weigh, shape (texts, size): those of text n are `columns[edges[n] : edges[n + 1]]`."""
    # By columns, for occurrences of one term in one text stand side by side then, and no text's terms need be sorted.
    counts = csc_array(csr_array((np.ones(len(columns)), columns, edges), shape=(len(edges) - 1, size)))
    counts.sum_duplicates()
    weights: Floats = np.asarray(counts.data, dtype=np.float64)
    if view.sublinear_tf:
        often = weights.astype(np.int64)
        weights = (np.log(np.arange(1.0, often.max(initial=0) + 1)) + 1.0)[often - 1]
    if idf is not None:
        weights = weights * np.repeat(idf, np.diff(counts.indptr))
    if view.norm == "l2":
        squares = csc_array((weights * weights, counts.indices, counts.indptr), shape=counts.shape)
        lengths = np.sqrt(np.asarray(squares @ np.ones(size)))
        weights = weights / np.where(lengths > 0, lengths, 1.0)[counts.indices]
    counts.data = weights * view.weight
    return counts


def _word_ngrams(lowered: str, shortest: int, longest: int) -> Iterator[str]:
    found = words(lowered)
    for size in range(shortest, longest + 1):
        yield from map(" ".join, zip(*(found[start:] for start in range(size)), strict=False))


@lru_cache(_REMEMBERED)
def words(lowered: str) -> list[str]:
    """The words of a lowered text: two letters, digits or underscores and more."""
    return _WORD.findall(lowered)


def _character_ngrams(lowered: str, shortest: int, longest: int) -> Iterator[str]:
    for word in _SPACES.sub(" ", lowered).split():
        yield from inside_word(word, shortest, longest)


def inside_word(word: str, shortest: int, longest: int) -> Iterator[str]:
    """N-grams inside a word padded with blanks; one that is shorter than the n-gram counts once, and only once."""
    padded = f" {word} "
    for size in range(shortest, longest + 1):
        for start in range(max(1, len(padded) - size + 1)):
            yield padded[start : start + size]
        if len(padded) <= size:
            break
