"""The words of many texts at once, as numbers: what `ngrams.words` finds, by the bytes.

A word of up to eight letters is a 64-bit integer, letter by letter; one of up to 24 has a key made of three. A text
that is not ASCII is cut by Python's own re, and its words are spelt anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features import ngrams
from features.keys import Keys, KeyTable, Numbers, Places
from features.passages import Texts

_BLANK = ord(" ")
Bytes = NDArray[np.uint8]
# Small letters, digits and underscores as they are, capitals small, all else a blank; what is not ASCII is kept.
_LOWERED = bytes(
    code if code >= 128 else ord(chr(code).lower()) if chr(code).isalnum() or chr(code) == "_" else _BLANK
    for code in range(256)
)
# Punctuation of good typography parts words as a blank does; without it most texts are ASCII.
_TYPOGRAPHY = re.compile("[\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u2022\u00a0\u00a7\u00ab\u00bb]")
# The first byte that is not ASCII.
_FOREIGN = 128
_LETTERS, _PARTS = 8, 3
_LONGEST = _LETTERS * _PARTS
# Leaves the first so many letters of the eight in a little-endian integer.
_FIRST = np.array([(1 << (8 * letters)) - 1 for letters in range(_LETTERS + 1)], dtype=np.uint64)
# Begins the spelling of a word that is not ASCII, so that no other word is spelt like it.
_SPELT = "\xff"
_UNKNOWN = _SPELT * 2
# Set in keys of words of more than eight letters; the eighth letter of others is ASCII or none.
_LONG = np.uint64(1 << 63)


class Spelling:
    """How texts and `words` are spelt, so that two words are spelt alike only if they are one."""

    def __init__(self, words: Sequence[str]) -> None:
        # What no text is cut into is left out: a bundle may have been written by anyone.
        met = {word: number for number, word in enumerate(words) if ngrams.words(word) == [word] == [word.lower()]}
        self._of = {word: word if word.isascii() else f"{_SPELT}{number}" for word, number in met.items()}

    def of(self, word: str) -> str:
        """The spelling of one of the words; empty where no text has it."""
        return self._of.get(word, "")

    def spelt(self, texts: Texts) -> Texts:
        """These texts; of those that are not ASCII their words alone, spelt anew."""
        if isinstance(texts, Sequence):
            return [text if text.isascii() else self._spelt(text) for text in texts]
        from pyarrow import compute

        from features import arrays

        whole = compute.fill_null(texts, arrays.string(""))
        letters, edges = letters_of(whole)
        foreign = np.unique(np.searchsorted(edges, np.flatnonzero(letters >= _FOREIGN), side="right")) - 1
        if not len(foreign):
            return whole
        mask = np.zeros(len(texts), dtype=bool)
        mask[foreign] = True
        anew = [self._spelt(text) for text in whole.take(arrays.numbers(foreign)).to_pylist()]
        return compute.replace_with_mask(whole, arrays.booleans(mask), arrays.strings(anew))

    def _spelt(self, text: str) -> str:
        plain = _TYPOGRAPHY.sub(" ", text)
        if plain.isascii():
            return plain
        return " ".join(
            [word if word.isascii() else self._of.get(word, _UNKNOWN) for word in ngrams.words(text.lower())]
        )


def letters_of(texts: Texts) -> tuple[Bytes, Places]:
    """All letters in UTF-8, one text after another, and their edges: text n is letters[edges[n]:edges[n + 1]]."""
    if isinstance(texts, Sequence):
        encoded = [text.encode() for text in texts]
        return np.frombuffer(b"".join(encoded), dtype=np.uint8), np.cumsum([0, *map(len, encoded)])
    _, edges, letters = texts.buffers()
    if letters is None:
        return np.zeros(0, dtype=np.uint8), np.zeros(len(texts) + 1, dtype=np.int64)
    whole = np.frombuffer(edges, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return np.frombuffer(letters, dtype=np.uint8)[whole[0] : whole[-1]], whole - whole[0]


def _in_one(texts: Texts) -> tuple[bytes, Places]:
    """All texts in UTF-8 with blanks between, and how long each is."""
    if isinstance(texts, Sequence):
        encoded = [text.encode() for text in texts]
        return b" ".join(encoded), np.fromiter(map(len, encoded), np.int64, len(encoded))
    import pyarrow as pa
    from pyarrow import compute

    from features import arrays

    edges = arrays.numbers(np.array([0, len(texts)], dtype=np.int32))
    as_one = compute.binary_join(pa.ListArray.from_arrays(edges, texts), arrays.string(" "))
    return as_one[0].as_buffer().to_pybytes(), np.diff(letters_of(texts)[1])


class WordTable:
    """The numbers of `words` in texts; a word is two letters or more, as in `ngrams.words`."""

    def __init__(self, words: Sequence[str]) -> None:
        self._numbers = {word: number for number, word in enumerate(words)}
        self._spelling = Spelling(words)
        spelt = {number: self._spelling.of(word) for number, word in enumerate(words)}
        short = {number: word for number, word in spelt.items() if 2 <= len(word.encode()) <= _LONGEST}
        cut, which = _Cut.of(list(short.values())), np.array(list(short), dtype=np.int64)
        self._mix = _distinguishing(cut.parts)
        keys = np.zeros(len(words), dtype=np.uint64)
        keys[which] = cut.keys(self._mix)
        self._table = KeyTable(keys, which)
        self._parts = np.zeros((_PARTS, len(words) + 1), dtype=np.uint64)
        self._parts[:, which[cut.long]] = cut.parts

    def of(self, texts: Texts) -> tuple[Numbers, Places]:
        """The number of every word in the order of the texts, one behind the last for others, and the texts' edges."""
        cut = _Cut.of(self._spelling.spelt(texts))
        numbers = self._table.find(cut.keys(self._mix))
        # A long word that is none of these may have the key of one of them.
        same = (cut.parts == self._parts[:, numbers[cut.long]]).all(axis=0)
        numbers[cut.long[~same]] = self._table.unknown
        for n in cut.long[cut.lengths[cut.long] > _LONGEST]:
            numbers[n] = self._numbers.get(cut.word(n), self._table.unknown)
        return numbers, np.searchsorted(cut.starts, np.append(0, cut.ends))


@dataclass(frozen=True, slots=True)
class _Cut:
    """Words of two letters or more in `data`: up to eight letters of each, and `parts` (3, long) of the `long` ones."""

    data: bytes
    ends: Places
    starts: Places
    lengths: Places
    first: Keys
    long: Places
    parts: Keys

    @staticmethod
    def of(texts: Texts) -> "_Cut":
        """Cut texts as `Spelling.spelt` gives them."""
        joined, sizes = _in_one(texts)
        data = b" " + joined.translate(_LOWERED) + b" " * _LONGEST
        blanks = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _BLANK)
        lengths = np.diff(blanks) - 1
        words = np.flatnonzero(lengths >= 2)
        starts, lengths = blanks[words] + 1, lengths[words]
        long = np.flatnonzero(lengths > _LETTERS)
        first = _letters(data, starts, lengths)
        parts = [
            _letters(data, starts[long] + begin, lengths[long] - begin) for begin in range(_LETTERS, _LONGEST, _LETTERS)
        ]
        # Behind each text there is one blank.
        ends = np.cumsum(sizes + 1)
        return _Cut(data, ends, starts, lengths, first, long, np.array([first[long], *parts]))

    def keys(self, mix: Keys) -> Keys:
        """One key a word: its letters, or for a long word what `mix` makes of its parts."""
        keys = self.first.copy()
        keys[self.long] = _mixed(self.parts, mix)
        return keys

    def word(self, n: int) -> str:
        """The word at place `n`."""
        return self.data[self.starts[n] : self.starts[n] + self.lengths[n]].decode()


def _letters(data: bytes, starts: Places, lengths: Places) -> Keys:
    """The first eight letters of each word, fewer where its length is less, none where it is 0 or below."""
    eight = np.ndarray(len(data) - _LETTERS + 1, dtype="<u8", buffer=data, strides=(1,))
    letters: Keys = eight[starts] & _FIRST.take(lengths, mode="clip")
    return letters


def _mixed(parts: Keys, mix: Keys) -> Keys:
    """One key from three, modulo 2**64, marked as that of a long word."""
    keys: Keys = (parts * mix[:, None]).sum(axis=0, dtype=np.uint64) | _LONG
    return keys


def _distinguishing(parts: Keys) -> Keys:
    """Odd factors under which no two of these words have one key: the first tried, but for words made to defeat it."""
    random = np.random.default_rng(0)
    while True:
        mix = random.integers(0, 2**64, size=_PARTS, dtype=np.uint64) | np.uint64(1)
        if len(np.unique(_mixed(parts, mix))) == parts.shape[1]:
            return mix
