"""The words of many texts at once, as numbers: what `ngrams.words` finds, by the bytes.

A word of up to 24 letters is three 64-bit integers. A text that is not ASCII is cut by Python's own re, and its words
are spelt anew in ASCII.
"""

import re
from collections.abc import Sequence

import numpy as np

from features import ngrams
from features.keys import Keys, KeyTable, Numbers

_IS_WORD = bytes(code < 128 and (chr(code).isalnum() or chr(code) == "_") for code in range(256))
# Punctuation of good typography parts words as a blank does; without it most texts are ASCII.
_TYPOGRAPHY = re.compile("[\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u2022\u00a0\u00a7\u00ab\u00bb]")
_LETTERS, _PARTS = 8, 3
_LONGEST = _LETTERS * _PARTS
# Leaves the first so many letters of the eight in a little-endian integer.
_FIRST = np.array([(1 << (8 * letters)) - 1 for letters in range(_LETTERS + 1)], dtype=np.uint64)
_UNKNOWN = "XX"


class WordTable:
    """The numbers of `words` in texts; a word is two letters or more, as in `ngrams.words`."""

    def __init__(self, words: Sequence[str]) -> None:
        self._numbers = {word: number for number, word in enumerate(words)}
        # A capital is in no text once it is lowered, so that what begins with one stands for nothing else.
        self._spelling = {word: f"X{number}" for word, number in self._numbers.items() if not word.isascii()}
        # What no text is cut into is left out: a bundle may have been written by anyone.
        met = [word for word in words if ngrams.words(word) == [word] == [word.lower()]]
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
        words = ngrams.words(text.lower())
        return " ".join(word if word.isascii() else self._spelling.get(word, _UNKNOWN) for word in words)


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
