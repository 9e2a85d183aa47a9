"""N-gram counts without scikit-learn: the same terms, term by term, as its CountVectorizer makes of the same text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from operator import add

import numpy as np
from scipy.sparse import csr_array

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
    columns: list[int] = []
    edges = [0]
    for passage in passages:
        found = map(vocabulary.get, terms(getattr(passage, view.field), view))
        columns += [column for column in found if column is not None]
        edges.append(len(columns))
    occurrences = csr_array((np.ones(len(columns), np.int32), columns, edges), shape=(len(passages), len(vocabulary)))
    return weighed(counted([occurrences]), view, idf)


def counted(occurrences: Sequence[csr_array]) -> csr_array:
    """The sum of one matrix or more of one shape, of which a row may hold one column several times; in no order."""
    # What scipy adds need not be sorted, as it would have to be for `sum_duplicates`.
    first, *others = occurrences
    return csr_array(reduce(add, others or [csr_array(first.shape, dtype=first.dtype)], first))


def weighed(counts: csr_array, view: NGrams, idf: Floats | None) -> csr_array:
    """What counts weigh, shape (texts, terms)."""
    weights = counts.data.astype(np.float64)
    if view.sublinear_tf:
        several = np.flatnonzero(counts.data > 1)
        weights[several] = np.log(weights[several]) + 1.0
    if idf is not None:
        weights *= idf[counts.indices]
    if view.norm == "l2":
        sizes = np.diff(counts.indptr)
        filled = np.flatnonzero(sizes)
        squares = np.add.reduceat(weights * weights, counts.indptr[filled]) if len(filled) else np.empty(0)
        weights /= np.repeat(np.sqrt(np.where(squares > 0, squares, 1.0)), sizes[filled])
    return csr_array((weights * view.weight, counts.indices, counts.indptr), shape=counts.shape)


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
