"""N-gram weights of many texts at once: what `ngrams.matrix` gives but for the last bits, several times faster.

An n-gram of words is the number of its beginning and that of its last word, looked up as one integer. The n-grams
inside a word depend on the word alone, so every distinct word is cut once.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from features import ngrams
from features.experiments import NGrams
from features.keys import Keys, KeyTable, Numbers, Places
from features.metrics import Bools
from features.passages import Texts
from features.passages import texts as python_texts
from features.resampling import Floats
from features.words import WordTable

# Texts whose words and n-grams the processor's cache holds.
_AT_ONCE = 2_048
# Distinct words kept with their n-grams: more than any language uses, few enough to hold.
_MOST_WORDS = 200_000


class CompiledView:
    """One view, ready to weigh texts by `coefficients` (themes, vocabulary); `idf` (vocabulary,) or None."""

    def __init__(self, view: NGrams, vocabulary: Mapping[str, int], idf: Floats | None, coefficients: Floats) -> None:
        # What is met often stands together, so that the processor's cache holds it.
        terms = sorted(vocabulary, key=vocabulary.__getitem__)
        order = np.arange(len(terms)) if idf is None else np.argsort(idf, kind="stable")
        ordered = {terms[place]: column for column, place in enumerate(order)}
        self.view, self.coefficients = view, coefficients[:, order]
        self.grams = (WordGrams if view.of == "words" else CharacterGrams)(ordered, *view.ngrams)
        # The last is of all that is no term.
        self.idf = np.append(np.ones(len(terms)) if idf is None else idf[order], 0.0)
        self._by_term = np.vstack([self.coefficients.T, np.zeros(len(coefficients))])

    def margins(self, texts: Texts) -> tuple[Floats, Bools]:
        """This view's share of the margins, shape (texts, themes), and whether each text has any of its terms."""
        margins, known = np.empty((len(texts), len(self.coefficients))), np.empty(len(texts), dtype=bool)
        for begin in range(0, len(texts), _AT_ONCE):
            piece = slice(begin, begin + _AT_ONCE)
            counts = ngrams.counted(self._occurrences(texts[piece]))
            known[piece] = _has_term(counts)[:-1]
            margins[piece] = (ngrams.weighed(counts, self.view, self.idf) @ self._by_term)[:-1]
        return margins, known

    def _occurrences(self, texts: Texts) -> list[csr_array]:
        """By size of n-grams, or all in one, a column for each term and one behind for others.

        The last row, of no text, holds that column twice. Where all rows are in order scipy adds up in another order
        than elsewhere; now they never are, and what a text weighs depends on no other text, down to the last bit.
        """
        others = [len(self.idf) - 1] * 2
        found = [
            (np.append(columns, others), np.append(edges, edges[-1] + 2))
            for columns, edges in self.grams.columns(texts)
        ]
        shape = (len(texts) + 1, len(self.idf))
        return [csr_array((np.ones(len(columns), np.int32), columns, edges), shape=shape) for columns, edges in found]


class WordGrams:
    """Columns of n-grams of words, each found by the number of its beginning and the number of its last word."""

    def __init__(self, vocabulary: Mapping[str, int], shortest: int, longest: int) -> None:
        split = {tuple(term.split(" ")): column for term, column in vocabulary.items()}
        self.words = list(dict.fromkeys(chain.from_iterable(split)))
        self._table, self._shortest = WordTable(self.words), shortest
        # By size from two words on: the numbers of n-grams; and from one word on, their columns.
        self.tables, self.columns_by_size = list[KeyTable](), list[Numbers]()
        numbers = {word: number for number, word in enumerate(self.words)}
        known: dict[tuple[str, ...], int] = {(word,): number for word, number in numbers.items()}
        self.columns_by_size.append(_columns_of(known, split))
        for size in range(2, longest + 1):
            begun = list(dict.fromkeys(term[:size] for term in split if len(term) >= size))
            beginnings, last = ([known[term[:-1]] for term in begun], [numbers[term[-1]] for term in begun])
            self.tables.append(KeyTable(self._keys(np.array(beginnings), np.array(last))))
            known = {term: number for number, term in enumerate(begun)}
            self.columns_by_size.append(_columns_of(known, split))

    def columns(self, texts: Texts) -> Iterator[tuple[Numbers, Places]]:
        """By size the columns of all n-grams in the order of the texts, and the edges between texts."""
        words, edges = self._table.of(texts)
        grams = words
        for size, columns in enumerate(self.columns_by_size, start=1):
            if size > 1:
                grams = self._longer(grams, words, edges, size)
            if size >= self._shortest:
                yield columns[grams], edges

    def _longer(self, grams: Numbers, words: Numbers, edges: Places, size: int) -> Numbers:
        """The number of the n-gram of `size` words that begins with each word; unknown where its text ends before."""
        table = self.tables[size - 2]
        longer = np.full(len(words), table.unknown, dtype=np.int32)
        found = table.find(self._keys(grams[: max(0, len(words) - size + 1)], words[size - 1 :]))
        longer[: len(found)] = found
        # All but its last word is in one text; what begins here would take that from the next.
        crossing = edges - size + 1
        longer[crossing[crossing >= 0]] = table.unknown
        return longer

    def _keys(self, beginnings: NDArray[np.integer], last: NDArray[np.integer]) -> Keys:
        return (beginnings.astype(np.int64) * (len(self.words) + 1) + last).view(np.uint64)


class CharacterGrams:
    """Columns of n-grams of characters inside words padded with blanks, as in `ngrams.terms`."""

    def __init__(self, vocabulary: Mapping[str, int], shortest: int, longest: int) -> None:
        self._vocabulary, self._sizes = vocabulary, (shortest, longest)
        self._of_word: dict[str, Numbers] = {}

    def columns(self, texts: Texts) -> Iterator[tuple[Numbers, Places]]:
        """The columns of all terms in the order of the texts, and the edges between texts."""
        words = [text.lower().split() for text in python_texts(texts)]
        columns = [self._cut(word) for word in chain.from_iterable(words)]
        ends = np.cumsum([0, *map(len, columns)])
        yield np.concatenate([np.empty(0, dtype=np.int32), *columns]), ends[np.cumsum([0, *map(len, words)])]

    def _cut(self, word: str) -> Numbers:
        columns = self._of_word.get(word)
        if columns is None:
            if len(self._of_word) >= _MOST_WORDS:
                self._of_word.clear()
            found = [self._vocabulary.get(term, -1) for term in ngrams.inside_word(word, *self._sizes)]
            columns = self._of_word[word] = np.array([column for column in found if column >= 0], dtype=np.int32)
        return columns


def _has_term(counts: csr_array) -> Bools:
    """Whether each row has an entry before its last column."""
    sizes = np.diff(counts.indptr)
    alone = np.flatnonzero(sizes == 1)
    has = sizes > 0
    has[alone] = counts.indices[counts.indptr[alone]] < counts.shape[1] - 1
    return has


def _columns_of(numbers: Mapping[tuple[str, ...], int], columns: Mapping[tuple[str, ...], int]) -> Numbers:
    """By number: the column of that term, and the one behind all for a mere beginning and for what has no number."""
    return np.array([*(columns.get(term, len(columns)) for term in numbers), len(columns)], dtype=np.int32)
