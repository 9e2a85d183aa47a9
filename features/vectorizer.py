"""N-gram features as a step of a scikit-learn Pipeline, what TfidfVectorizer gives, each training text analysed once.

Which terms a text holds depends on the text alone, so folds and candidates share it. Vocabulary, document frequencies
and idf are those of the texts fitted on, and of no others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from features.errors import UsageFailure
from features.estimators import BaseEstimator, CountVectorizer, TfidfTransformer, TransformerMixin
from features.experiments import NGrams
from features.resampling import Floats
from features.text import Passage

# What is not asked for all texts at once takes no memory for each term of all of them.
_TEXTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class _Analysed:
    """Every term met in training texts, numbered in order of meeting, and the terms of each text.

    These are 32-bit integers in ascending order, each as often as it occurs, as bytes: an array for each text would
    take more than its content.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)

    def most(self, texts: Sequence[str]) -> int:
        """How often terms occur in known texts, repetitions included: no fewer than have to be kept of them."""
        return sum(len(self.texts[text]) for text in texts) // np.dtype(np.int32).itemsize

    def counts(self, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]]:
        """Of some known texts at a time: their terms, one text after the other, their counts, and the texts' edges."""
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            found = [self.texts[text] for text in texts[start : start + _TEXTS_AT_ONCE]]
            numbers = np.frombuffer(b"".join(found), np.int32)
            edges = np.cumsum([0, *map(len, found)]) // numbers.itemsize
            is_first = np.append(np.diff(numbers, prepend=-1) != 0, True)
            is_first[edges] = True
            places = np.flatnonzero(is_first)
            yield numbers[places[:-1]], np.diff(places), np.searchsorted(places, edges)


# By kind and size of n-gram. Only texts that were fitted on are kept, so that scoring takes no memory.
_known: dict[tuple[str, tuple[int, int]], _Analysed] = {}
_lock = Lock()


class NGramVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Weighted counts of the n-grams that occur in at least `min_df` of the texts fitted on, terms in sorted order."""

    def __init__(self, view: NGrams) -> None:
        self.view = view

    def fit(self, passages: Sequence[Passage], _gold: object = None) -> "NGramVectorizer":
        """Learn vocabulary and idf; raises UsageFailure when no term is left."""
        self.fit_transform(passages)
        return self

    def fit_transform(self, passages: Sequence[Passage], _gold: object = None) -> csr_array:
        """Learn vocabulary and idf; shape (passages, vocabulary). Raises UsageFailure when no term is left."""
        with _lock:
            return self._learned(_texts(passages, self.view))

    def _learned(self, texts: Sequence[str]) -> csr_array:
        known = _analysed(texts, self.view)
        frequencies = np.zeros(len(known.numbers), dtype=np.int64)
        for numbers, _, _ in known.counts(texts):
            frequencies += np.bincount(numbers, minlength=len(known.numbers))
        common = (frequencies >= max(1, self.view.min_df)).tobytes()
        terms = sorted(term for term, number in known.numbers.items() if common[number])
        if not terms:
            raise UsageFailure(
                f"no n-gram of {self.view.of} occurs in {self.view.min_df} of {len(texts):,} training sentences; "
                "lower `min_df` in the experiment, or annotate more: make annotations"
            )
        # The integers 0, 1, 2 are those of the numbers, so that they take no memory of their own.
        self.vocabulary_ = dict(zip(terms, known.numbers.values(), strict=False))
        self.weighting_ = TfidfTransformer(
            norm=self.view.norm, use_idf=self.view.idf, sublinear_tf=self.view.sublinear_tf
        )
        # What its `fit` would find, which needs the counts of all texts at once for it.
        self.weighting_.n_features_in_ = len(terms)
        if self.view.idf:
            with_term = frequencies[[known.numbers[term] for term in terms]]
            self.weighting_.idf_ = np.log((1.0 + len(texts)) / (1.0 + with_term)) + 1.0
        return self._of_known(texts, known)

    def transform(self, passages: Sequence[Passage]) -> csr_array:
        """Shape (passages, vocabulary)."""
        texts = _texts(passages, self.view)
        known = _known.get(_key(self.view), _Analysed())
        if all(text in known.texts for text in texts):
            return self._of_known(texts, known)
        return self._weighed(_counter(self.view, self.vocabulary_).transform(texts))

    def _of_known(self, texts: Sequence[str], known: _Analysed) -> csr_array:
        """The same, of texts that were analysed before."""
        number_of = np.fromiter((known.numbers.get(term, -1) for term in self.vocabulary_), np.int32)
        column_of = np.full(len(known.numbers), -1, dtype=np.int32)
        column_of[number_of[number_of >= 0]] = np.flatnonzero(number_of >= 0)
        # Memory that is asked for and never written to is not taken.
        columns, weights = np.empty(known.most(texts), np.int32), np.empty(known.most(texts), np.float64)
        filled, lengths = 0, [np.zeros(1, np.int64)]
        for numbers, counts, edges in known.counts(texts):
            found = column_of[numbers]
            wanted = found >= 0
            kept = counts[wanted].astype(np.float64), found[wanted], np.append(0, np.cumsum(wanted))[edges]
            some = csr_array(kept, shape=(len(edges) - 1, len(self.vocabulary_)))
            some.sort_indices()
            place = slice(filled, filled := filled + some.nnz)
            columns[place], weights[place] = some.indices, self._weighed(some).data
            lengths.append(np.diff(some.indptr))
        edges = np.cumsum(np.concatenate(lengths), dtype=np.int32)
        return csr_array((weights[:filled], columns[:filled], edges), shape=(len(texts), len(self.vocabulary_)))

    def _weighed(self, counts: csr_array) -> csr_array:
        """What counts weigh; they are written over."""
        return csr_array(self.weighting_.transform(counts, copy=False))

    def get_feature_names_out(self, _names: object = None) -> NDArray[Any]:
        """The terms, in the order of the columns."""
        return np.array(list(self.vocabulary_), dtype=object)

    @property
    def idf_(self) -> Floats:
        """The weight of each term, shape (vocabulary,): its inverse document frequency, or 1 where not asked for."""
        return np.asarray(self.weighting_.idf_ if self.view.idf else np.ones(len(self.vocabulary_)), dtype=np.float64)


def _key(view: NGrams) -> tuple[str, tuple[int, int]]:
    return view.of, view.ngrams


def _texts(passages: Sequence[Passage], view: NGrams) -> list[str]:
    """The field of each passage that the view sees: the strings that the passages hold, not others like them."""
    return [getattr(passage, view.field) for passage in passages]


def _counter(view: NGrams, vocabulary: Mapping[str, int] | None = None) -> CountVectorizer:
    analyzer = "word" if view.of == "words" else "char_wb"
    return CountVectorizer(analyzer=analyzer, ngram_range=view.ngrams, vocabulary=vocabulary)


def _analysed(texts: Sequence[str], view: NGrams) -> _Analysed:
    """What is known after analysing those of `texts` that are new."""
    known = _known.setdefault(_key(view), _Analysed())
    terms = _counter(view).build_analyzer()
    for text in texts:
        if text not in known.texts:
            numbers = [known.numbers.setdefault(term, len(known.numbers)) for term in terms(text)]
            known.texts[text] = np.sort(np.array(numbers, np.int32)).tobytes()
    return known
