"""N-gram weights of many texts at once: to the bit what `ngrams.matrix` gives, several times faster.

Words of ASCII texts are found as bytes and looked up as numbers: up to 24 letters are three 64-bit integers, and an
n-gram of words is the number of its beginning and that of its last word. Any other text is cut by Python's own re and
spelt anew in ASCII. The n-grams inside a word depend on the word alone, so every distinct word is cut once.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from scipy.sparse import csr_array

from features import ngrams
from features.experiments import NGrams
from features.keys import Keys, KeyTable, Numbers
from features.resampling import Floats

_IS_WORD = bytes(code < 128 and (chr(code).isalnum() or chr(code) == "_") for code in range(256))
_WORD = re.compile(r"\w\w+")
# Punctuation of good typography parts words as a blank does; without it most texts are ASCII.
_TYPOGRAPHY = re.compile("[\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u2022\u00a0\u00a7\u00ab\u00bb]")
_LETTERS, _PARTS = 8, 3
_LONGEST = _LETTERS * _PARTS
# Leaves the first so many letters of the eight in a little-endian integer.
_FIRST = np.array([(1 << (8 * letters)) - 1 for letters in range(_LETTERS + 1)], dtype=np.uint64)
_UNKNOWN = "XX"
# Distinct words kept with their n-grams: more than any language uses, few enough to hold.
_MOST_WORDS = 200_000


class CompiledView:
    """One view of a bundle, ready to weigh texts; `idf` (vocabulary,) or None where the view asks for none."""

    def __init__(self, view: NGrams, vocabulary: Mapping[str, int], idf: Floats | None) -> None:
        self._view, self._idf, self._size = view, idf, len(vocabulary)
        self._grams = (WordGrams if view.of == "words" else CharacterGrams)(vocabulary, *view.ngrams)

    def matrix(self, texts: Sequence[str]) -> csr_array:
        """Term weights, shape (texts, vocabulary)."""
        columns, counts = self._grams.columns(texts)
        return ngrams.weighed(columns, np.cumsum([0, *counts]), self._size, self._view, self._idf)


class WordGrams:
    """Columns of n-grams of words, each found by the number of its beginning and the number of its last word."""

    def __init__(self, vocabulary: Mapping[str, int], shortest: int, longest: int) -> None:
        split = {tuple(term.split(" ")): column for term, column in vocabulary.items()}
        words = sorted({word for term in split for word in term})
        self._words, self._count = WordTable(words), len(words)
        self._shortest, self._tables = shortest, list[KeyTable]()
        numbers = {word: number for number, word in enumerate(words)}
        known: dict[tuple[str, ...], int] = {(word,): number for word, number in numbers.items()}
        self._columns = [_columns_of(known, split)]
        for size in range(2, longest + 1):
            begun = sorted({term[:size] for term in split if len(term) >= size})
            beginnings, last = ([known[term[:-1]] for term in begun], [numbers[term[-1]] for term in begun])
            self._tables.append(KeyTable(self._keys(np.array(beginnings), np.array(last))))
            known = {term: number for number, term in enumerate(begun)}
            self._columns.append(_columns_of(known, split))

    def columns(self, texts: Sequence[str]) -> tuple[Numbers, Numbers]:
        """The columns of all n-grams in the order of the texts, and how many each text has."""
        words, counts = self._words.of(texts)
        ends = np.cumsum(counts)
        grams = words
        found = np.full((len(words), len(self._columns)), -1, dtype=np.int64)
        for size, columns in enumerate(self._columns, start=1):
            if size > 1:
                grams = self._longer(grams, words, ends, size)
            if size >= self._shortest:
                at = np.flatnonzero(grams >= 0)
                found[at, size - 1] = columns[grams[at]]
        flat = found.ravel()
        at = np.flatnonzero(flat >= 0)
        return flat[at], np.diff(np.searchsorted(at, ends * found.shape[1]), prepend=0)

    def _longer(self, grams: Numbers, words: Numbers, ends: Numbers, size: int) -> Numbers:
        """The number of the n-gram of `size` words that begins with each word, -1 where there is none."""
        longer = np.full(max(0, len(words) - size + 1), -1, dtype=np.int64)
        beginnings, last = grams[: len(longer)], words[size - 1 :]
        both = np.flatnonzero((beginnings >= 0) & (last >= 0))
        longer[both] = self._tables[size - 2].find(self._keys(beginnings[both], last[both]))
        # All but its last word is in one text; what begins here would take that from the next.
        crossing = ends - size + 1
        longer[crossing[(crossing >= 0) & (crossing < len(longer))]] = -1
        return longer

    def _keys(self, beginnings: Numbers, last: Numbers) -> Keys:
        return (beginnings * self._count + last).astype(np.uint64)


class WordTable:
    """The numbers of `words` in texts; a word is two letters or more, as in `ngrams.terms`."""

    def __init__(self, words: Sequence[str]) -> None:
        self._numbers = {word: number for number, word in enumerate(words)}
        # A capital is in no text once it is lowered, so that what begins with one stands for nothing else.
        self._spelling = {word: f"X{number}" for word, number in self._numbers.items() if not word.isascii()}
        # What no text is cut into is left out: a bundle may have been written by anyone.
        met = [word for word in words if _WORD.fullmatch(word) and word == word.lower()]
        short = {word: spelt for word in met if len(spelt := self._spelling.get(word, word)) <= _LONGEST}
        self._of_short = np.array([self._numbers[word] for word in short], dtype=np.int64)
        data = _padded(list(short.values()))
        self._parts = _parts(data, *_bounds(data))
        self._mix = _distinguishing(self._parts)
        self._table = KeyTable(_mixed(self._parts, self._mix))

    def of(self, texts: Sequence[str]) -> tuple[Numbers, Numbers]:
        """The numbers of all words in the order of the texts, -1 for others, and how many words each text has."""
        spelt = [text.lower() if text.isascii() else self._spelt(text) for text in texts]
        data = _padded(spelt)
        starts, ends = _bounds(data)
        parts = _parts(data, starts, ends)
        found = self._table.find(_mixed(parts, self._mix))
        # A word that is none of these may have the key of one of them.
        same = np.flatnonzero(found >= 0)
        for letters, expected in zip(parts, self._parts, strict=True):
            same = same.compress(letters[same] == expected[found[same]])
        numbers = np.full(len(found), -1, dtype=np.int64)
        numbers[same] = self._of_short[found[same]]
        for n in np.flatnonzero(ends - starts > _LONGEST):
            numbers[n] = self._numbers.get(data[starts[n] : ends[n]].decode(), -1)
        text_ends = np.cumsum(np.fromiter(map(len, spelt), np.int64, len(spelt)) + 1)
        return numbers, np.diff(np.searchsorted(starts, text_ends), prepend=0)

    def _spelt(self, text: str) -> str:
        """The words of a text in ASCII, whatever else is in it left out."""
        plain = _TYPOGRAPHY.sub(" ", text)
        if plain.isascii():
            return plain.lower()
        words = _WORD.findall(text.lower())
        return " ".join(word if word.isascii() else self._spelling.get(word, _UNKNOWN) for word in words)


class CharacterGrams:
    """Columns of n-grams of characters inside words padded with blanks, as in `ngrams.terms`."""

    def __init__(self, vocabulary: Mapping[str, int], shortest: int, longest: int) -> None:
        self._vocabulary, self._sizes = vocabulary, (shortest, longest)
        self._of_word: dict[str, Numbers] = {}

    def columns(self, texts: Sequence[str]) -> tuple[Numbers, Numbers]:
        """The columns of all n-grams in the order of the texts, and how many each text has."""
        words = [text.lower().split() for text in texts]
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
    """By number: the column of that term, -1 for one that is a beginning only."""
    return np.array([columns.get(term, -1) for term in numbers], dtype=np.int64)


def _padded(texts: Sequence[str]) -> bytes:
    """The bytes of ASCII texts with blanks around each, and as many at the end as an integer may reach over it."""
    return f" {' '.join(texts)}{' ' * _LONGEST}".encode()


def _bounds(data: bytes) -> tuple[Numbers, Numbers]:
    """Where words of two letters or more begin and end; `data` begins and ends with a blank."""
    inside = np.frombuffer(data.translate(_IS_WORD), dtype=bool)
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    long_enough = ends - starts >= 2
    return starts.compress(long_enough), ends.compress(long_enough)


def _parts(data: bytes, starts: Numbers, ends: Numbers) -> Keys:
    """Shape (3, words): each word's letters, eight to an integer; of a longer word its first 24."""
    eight = np.ndarray(len(data) - _LETTERS + 1, dtype="<u8", buffer=data, strides=(1,))
    lengths = ends - starts
    parts = np.zeros((_PARTS, len(starts)), dtype=np.uint64)
    for part, begin in enumerate(range(0, _LONGEST, _LETTERS)):
        reaching = np.flatnonzero(lengths > begin)
        letters = np.minimum(lengths[reaching] - begin, _LETTERS)
        parts[part, reaching] = eight[starts[reaching] + begin] & _FIRST[letters]
    return parts


def _mixed(parts: Keys, mix: Keys) -> Keys:
    """One key from three, modulo 2**64."""
    keys: Keys = parts[0] * mix[0]
    for part, factor in zip(parts[1:], mix[1:], strict=True):
        keys += part * factor
    return keys


def _distinguishing(parts: Keys) -> Keys:
    """Odd factors under which no two of these words have one key: the first tried, but for words made to defeat it."""
    random = np.random.default_rng(0)
    while True:
        mix = random.integers(0, 2**64, size=_PARTS, dtype=np.uint64) | np.uint64(1)
        if len(np.unique(_mixed(parts, mix))) == parts.shape[1]:
            return mix
