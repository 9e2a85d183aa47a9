"""N-gram features as a step of a scikit-learn Pipeline, what TfidfVectorizer gives, each training text read once.

Which words a text holds depends on the text alone, so folds and candidates share it. Vocabulary, document frequencies
and idf are those of the texts fitted on, and of no others.
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from features.counting import Numbering, Words, counts, numbered, words
from features.errors import UsageFailure
from features.estimators import BaseEstimator, CountVectorizer, TfidfTransformer, TransformerMixin
from features.experiments import NGrams
from features.keys import Places
from features.resampling import Floats
from features.text import Passage

# By kind and size of n-grams, or for all of words. Only texts that were fitted on are kept: scoring takes no memory.
_known: dict[tuple[str, tuple[int, int] | None], Words] = {}
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
        key = self.view.of, self.view.ngrams if self.view.of == "characters" else None
        known = _known.setdefault(key, words(self.view))
        known.meet(texts)
        numbering = numbered(self.view, known, texts)
        frequencies = np.zeros(numbering.count, dtype=np.int64)
        for some in counts(numbering, known, texts):
            frequencies += np.bincount(some.indices, minlength=numbering.count)
        common = np.flatnonzero(frequencies >= max(1, self.view.min_df))
        if not len(common):
            raise UsageFailure(
                f"no n-gram of {self.view.of} occurs in {self.view.min_df} of {len(texts):,} training sentences; "
                "lower `min_df` in the experiment, or annotate more: make annotations"
            )
        self.vocabulary_, terms = _in_order(numbering, common)
        self.weighting_ = TfidfTransformer(
            norm=self.view.norm, use_idf=self.view.idf, sublinear_tf=self.view.sublinear_tf
        )
        # What its `fit` would find, which needs the counts of all texts at once for it.
        self.weighting_.n_features_in_ = len(terms)
        if self.view.idf:
            self.weighting_.idf_ = np.log((1.0 + len(texts)) / (1.0 + frequencies[terms])) + 1.0
        self._met = known, numbering, terms
        return self._of_known(texts, int(frequencies[terms].sum()))

    def transform(self, passages: Sequence[Passage]) -> csr_array:
        """Shape (passages, vocabulary)."""
        texts = _texts(passages, self.view)
        if hasattr(self, "_met") and all(text in self._met[0].texts for text in texts):
            known, numbering, _ = self._met
            return self._of_known(texts, sum(some.nnz for some in counts(numbering, known, texts)))
        return self._weighed(_counter(self.view, self.vocabulary_).transform(texts))

    def __getstate__(self) -> dict[str, Any]:
        """What is stored: not what texts were met, which a process that loads this has not."""
        return {name: value for name, value in super().__getstate__().items() if name != "_met"}

    def _of_known(self, texts: Sequence[str], most: int) -> csr_array:
        """The same, of texts that were fitted on, here or elsewhere, and hold so many terms, or fewer."""
        known, numbering, terms = self._met
        column_of = np.full(numbering.count, -1, dtype=np.int32)
        column_of[terms] = np.arange(len(terms))
        # Memory that is asked for and never written to is not taken.
        columns, weights = np.empty(most, np.int32), np.empty(most, np.float64)
        filled, lengths = 0, [np.zeros(1, np.int64)]
        for found in counts(numbering, known, texts):
            of_each = column_of[found.indices]
            wanted = of_each >= 0
            kept, edges = found.data[wanted].astype(np.float64), np.append(0, np.cumsum(wanted))[found.indptr]
            some = csr_array((kept, of_each[wanted], edges), shape=(found.shape[0], len(terms)))
            some.sort_indices()
            place = slice(filled, filled := filled + some.nnz)
            columns[place], weights[place] = some.indices, self._weighed(some).data
            lengths.append(np.diff(some.indptr))
        edges = np.cumsum(np.concatenate(lengths), dtype=np.int32)
        return csr_array((weights[:filled], columns[:filled], edges), shape=(len(texts), len(terms)))

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


def _texts(passages: Sequence[Passage], view: NGrams) -> list[str]:
    """The field of each passage that the view sees: the strings that the passages hold, not others like them."""
    return [getattr(passage, view.field) for passage in passages]


def _counter(view: NGrams, vocabulary: Mapping[str, int]) -> CountVectorizer:
    analyzer = "word" if view.of == "words" else "char_wb"
    return CountVectorizer(analyzer=analyzer, ngram_range=view.ngrams, vocabulary=vocabulary)


def _in_order(numbering: Numbering, numbers: Places) -> tuple[dict[str, int], Places]:
    """The vocabulary that these n-grams make, in order of spelling, and their numbers in this order."""
    spelled = numbering.spelled(numbers)
    order = np.array(sorted(range(len(spelled)), key=spelled.__getitem__))
    spelled.sort()
    return {term: column for column, term in enumerate(spelled)}, numbers[order]
