"""N-gram features as a step of a scikit-learn Pipeline, what TfidfVectorizer gives, each training text analysed once.

Which terms a text holds depends on the text alone, so folds and candidates share it. Vocabulary, document frequencies
and idf are those of the texts fitted on, and of no others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class _Analysed:
    """Every term met in training texts, numbered in order of meeting, and each text's terms with their counts.

    These are pairs of 32-bit integers, as bytes: an array for each text would take more than its content.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)

    def counts(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
        """The terms of all texts that are known, one after the other, their counts, and where each text begins."""
        found = [self.texts[text] for text in texts]
        pairs = np.frombuffer(b"".join(found), np.int32).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1], np.cumsum([0, *map(len, found)]) // (2 * pairs.itemsize)


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
            return self._learned(_lowered(passages, self.view))

    def _learned(self, texts: Sequence[str]) -> csr_array:
        known = _analysed(texts, self.view)
        frequencies = np.bincount(known.counts(texts)[0], minlength=len(known.numbers))
        common = (frequencies >= max(1, self.view.min_df)).tolist()
        terms = sorted(term for term, number in known.numbers.items() if common[number])
        if not terms:
            raise UsageFailure(
                f"no n-gram of {self.view.of} occurs in {self.view.min_df} of {len(texts):,} training sentences; "
                "lower `min_df` in the experiment, or annotate more: make annotations"
            )
        self.vocabulary_ = {term: column for column, term in enumerate(terms)}
        self.weighting_ = TfidfTransformer(
            norm=self.view.norm, use_idf=self.view.idf, sublinear_tf=self.view.sublinear_tf
        )
        counts = _matrix(texts, known, self.vocabulary_)
        return csr_array(self.weighting_.fit(counts).transform(counts, copy=False))

    def transform(self, passages: Sequence[Passage]) -> csr_array:
        """Shape (passages, vocabulary)."""
        texts = _lowered(passages, self.view)
        known = _known.get(_key(self.view), _Analysed())
        if all(text in known.texts for text in texts):
            counts = _matrix(texts, known, self.vocabulary_)
        else:
            counts = _counter(self.view, self.vocabulary_).transform(texts)
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


def _lowered(passages: Sequence[Passage], view: NGrams) -> list[str]:
    """The field of each passage that the view sees, in small letters."""
    return [getattr(passage, view.field).lower() for passage in passages]


def _counter(view: NGrams, vocabulary: Mapping[str, int] | None = None) -> CountVectorizer:
    analyzer = "word" if view.of == "words" else "char_wb"
    return CountVectorizer(analyzer=analyzer, ngram_range=view.ngrams, vocabulary=vocabulary, lowercase=False)


def _analysed(texts: Sequence[str], view: NGrams) -> _Analysed:
    """What is known after analysing those of `texts` that are new."""
    known = _known.setdefault(_key(view), _Analysed())
    terms = _counter(view).build_analyzer()
    for text in texts:
        if text not in known.texts:
            counted = Counter(known.numbers.setdefault(term, len(known.numbers)) for term in terms(text))
            known.texts[text] = np.array(list(counted.items()), np.int32).tobytes()
    return known


def _matrix(texts: Sequence[str], known: _Analysed, vocabulary: Mapping[str, int]) -> csr_array:
    """Counts of the terms of `vocabulary`, which stand in the order of columns, in known texts: (texts, vocabulary)."""
    number_of = np.fromiter((known.numbers.get(term, -1) for term in vocabulary), np.int32, len(vocabulary))
    column_of = np.full(len(known.numbers), -1, dtype=np.int32)
    column_of[number_of[number_of >= 0]] = np.flatnonzero(number_of >= 0)
    numbers, counts, begin = known.counts(texts)
    columns = column_of[numbers]
    wanted = columns >= 0
    edges = np.append(np.int32(0), np.cumsum(wanted, dtype=np.int32))[begin]
    shape = (len(texts), len(vocabulary))
    found = csr_array((counts[wanted].astype(np.float64), columns[wanted], edges), shape=shape)
    found.sort_indices()
    return found
