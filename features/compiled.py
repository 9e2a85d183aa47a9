"""N-gram weights of many texts at once: to the bit what `ngrams.matrix` gives, several times faster.

An n-gram of words is the number of its beginning and that of its last word, looked up as one integer. The n-grams
inside a word depend on the word alone, so every distinct word is cut once.
"""

from collections.abc import Mapping
from itertools import chain

import numpy as np
from scipy.sparse import csc_array, csr_array

from features import ngrams
from features.experiments import NGrams
from features.keys import Keys, KeyTable, Numbers
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
        self.view, self.idf, self.coefficients = view, idf, coefficients
        self._by_term = np.ascontiguousarray(coefficients.T)
        self.grams = (WordGrams if view.of == "words" else CharacterGrams)(vocabulary, *view.ngrams)

    def margins(self, texts: Texts) -> tuple[Floats, Bools]:
        """This view's share of the margins, shape (texts, themes), and whether each text has any of its terms."""
        margins, known = np.empty((len(texts), len(self.coefficients))), np.empty(len(texts), dtype=bool)
        for begin in range(0, len(texts), _AT_ONCE):
            piece = slice(begin, begin + _AT_ONCE)
            columns, counts = self.grams.columns(texts[piece])
            margins[piece], known[piece] = self._weighed(columns, counts) @ self._by_term, counts > 0
        return margins, known

    def matrix(self, texts: Texts) -> csr_array:
        """Term weights, shape (texts, vocabulary)."""
        return csr_array(self._weighed(*self.grams.columns(texts)))

    def _weighed(self, columns: Numbers, counts: Numbers) -> csc_array:
        edges = np.concatenate([[0], np.cumsum(counts)])
        return ngrams.weighed(columns, edges, self.coefficients.shape[1], self.view, self.idf)


class WordGrams:
    """Columns of n-grams of words, each found by the number of its beginning and the number of its last word."""

    def __init__(self, vocabulary: Mapping[str, int], shortest: int, longest: int) -> None:
        split = {tuple(term.split(" ")): column for term, column in vocabulary.items()}
        self.words = sorted({word for term in split for word in term})
        self._table, self._shortest = WordTable(self.words), shortest
        # By size from two words on: the numbers of n-grams; and from one word on, their columns.
        self.tables, self.columns_by_size = list[KeyTable](), list[Numbers]()
        numbers = {word: number for number, word in enumerate(self.words)}
        known: dict[tuple[str, ...], int] = {(word,): number for word, number in numbers.items()}
        self.columns_by_size.append(_columns_of(known, split))
        for size in range(2, longest + 1):
            begun = sorted({term[:size] for term in split if len(term) >= size})
            beginnings, last = ([known[term[:-1]] for term in begun], [numbers[term[-1]] for term in begun])
            self.tables.append(KeyTable(self._keys(np.array(beginnings), np.array(last))))
            known = {term: number for number, term in enumerate(begun)}
            self.columns_by_size.append(_columns_of(known, split))

    def columns(self, texts: Texts) -> tuple[Numbers, Numbers]:
        """The columns of all n-grams in the order of the texts, and how many each text has."""
        words, counts = self._table.of(texts)
        ends = np.cumsum(counts)
        grams = words
        found = np.full((len(words), len(self.columns_by_size)), -1, dtype=np.int64)
        for size, columns in enumerate(self.columns_by_size, start=1):
            if size > 1:
                grams = self._longer(grams, words, ends, size)
            if size >= self._shortest:
                found[: len(grams), size - 1] = columns[grams]
        flat = found.ravel()
        at = np.flatnonzero(flat >= 0)
        return flat[at], np.diff(np.searchsorted(at, ends * found.shape[1]), prepend=0)

    def _longer(self, grams: Numbers, words: Numbers, ends: Numbers, size: int) -> Numbers:
        """The number of the n-gram of `size` words that begins with each word, -1 where there is none."""
        longer = np.full(max(0, len(words) - size + 1), -1, dtype=np.int64)
        beginnings, last = grams[: len(longer)], words[size - 1 :]
        both = np.flatnonzero((beginnings >= 0) & (last >= 0))
        longer[both] = self.tables[size - 2].find(self._keys(beginnings[both], last[both]))
        # All but its last word is in one text; what begins here would take that from the next.
        crossing = ends - size + 1
        longer[crossing[(crossing >= 0) & (crossing < len(longer))]] = -1
        return longer

    def _keys(self, beginnings: Numbers, last: Numbers) -> Keys:
        return (beginnings * (len(self.words) + 1) + last).astype(np.uint64)


class CharacterGrams:
    """Columns of n-grams of characters inside words padded with blanks, as in `ngrams.terms`."""

    def __init__(self, vocabulary: Mapping[str, int], shortest: int, longest: int) -> None:
        self._vocabulary, self._sizes = vocabulary, (shortest, longest)
        self._of_word: dict[str, Numbers] = {}

    def columns(self, texts: Texts) -> tuple[Numbers, Numbers]:
        """The columns of all n-grams in the order of the texts, and how many each text has."""
        words = [text.lower().split() for text in python_texts(texts)]
        distinct = {word: number for number, word in enumerate(dict.fromkeys(chain.from_iterable(words)))}
        columns = [self._cut(word) for word in distinct]
        sizes = np.fromiter(map(len, columns), np.int64, len(columns))
        held = np.concatenate([np.empty(0, dtype=np.int64), *columns])
        counts = np.fromiter(map(len, words), np.int64, len(words))
        each = np.fromiter(map(distinct.__getitem__, chain.from_iterable(words)), np.int64, counts.sum())
        # Of the nth column: where its word's columns begin, and how far into them it is.
        ends = np.cumsum(sizes[each])
        places = np.repeat((np.cumsum(sizes) - sizes)[each] - (ends - sizes[each]), sizes[each])
        before = np.concatenate([[0], ends])[np.concatenate([[0], np.cumsum(counts)])]
        return held[places + np.arange(len(places))], np.diff(before)

    def _cut(self, word: str) -> Numbers:
        columns = self._of_word.get(word)
        if columns is None:
            if len(self._of_word) >= _MOST_WORDS:
                self._of_word.clear()
            found = [self._vocabulary.get(term, -1) for term in ngrams.inside_word(word, *self._sizes)]
            columns = self._of_word[word] = np.array([column for column in found if column >= 0], dtype=np.int64)
        return columns


def _columns_of(numbers: Mapping[tuple[str, ...], int], columns: Mapping[tuple[str, ...], int]) -> Numbers:
    """By number: the column of that term, -1 for a mere beginning, and at the end for what has no number."""
    return np.array([*(columns.get(term, -1) for term in numbers), -1], dtype=np.int64)
