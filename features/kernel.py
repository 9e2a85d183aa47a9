"""From the letters of texts to their margins in two passes: loops that numba compiles, and Python runs slowly.

Without numba nothing here is called but by tests, in which the same lines run as plain Python.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.keys import SPREAD, Keys, Numbers
from features.resampling import Floats

F = TypeVar("F", bound=Callable[..., Any])
Bytes = NDArray[np.uint8]
Places = NDArray[np.int32]

try:
    from numba import njit
except ImportError:

    def compiled(function: F) -> F:
        """The function as it is."""
        return function
else:

    def compiled(function: F) -> F:
        """The function as machine code, kept on disk; other threads go on while it runs."""
        made: F = njit(nogil=True, cache=True)(function)
        return made


_BLANK = np.uint8(ord(" "))
_LETTERS = 8
_BITS = np.uint64(8)
# FNV-1a's prime.
_PRIME = np.uint64(0x100000001B3)
_LONG = np.uint64(1 << 63)
_NONE = np.uint64(0)


class Words(NamedTuple):
    """An open-addressing table: a slot's key and number, -1 in an empty one; `shift` leaves the bits of a first slot.

    Letters of word n are `letters[edges[n] : edges[n + 1]]`.
    """

    keys: Keys
    numbers: Places
    shift: np.uint64
    letters: Bytes
    edges: Numbers


class Grams(NamedTuple):
    """Tables like that of Words, one after another: n-grams of n words from `starts[n - 2]` on, `shifts[n - 2]`.

    A key is the number of the beginning times `words` plus that of the last word. The column of an n-gram is
    `columns[column_starts[n - 1] + number]`, or -1 where it is no term; none is longer than `longest` words.
    """

    keys: Keys
    numbers: Places
    shifts: Keys
    starts: Numbers
    columns: Places
    column_starts: Numbers
    words: int
    longest: int


class Terms(NamedTuple):
    """What n occurrences of a term weigh: `logs[n]` times its row of `parts` (vocabulary, themes + 1).

    That is idf times the coefficients, and last idf squared: a text's margins are divided by the root of its sum, with
    logs squared, where the view asks for `l2`.
    """

    logs: Floats
    parts: Floats
    l2: bool


@compiled
def _with_letter(key: np.uint64, letter: np.uint8, place: int) -> np.uint64:
    """The key of a word with one more letter: its first eight, or from there on a hash."""
    if place < _LETTERS:
        return key | (np.uint64(letter) << (_BITS * np.uint64(place)))
    return ((key ^ np.uint64(letter)) * _PRIME) | _LONG


@compiled
def _is(letters: Bytes, first: int, last: int, data: Bytes, begin: int, end: int) -> bool:
    """Whether letters[first:last] are data[begin:end]."""
    if last - first != end - begin:
        return False
    for place in range(end - begin):  # noqa: SIM110 - numba compiles no generator expressions
        if letters[first + place] != data[begin + place]:
            return False
    return True


@compiled
def fill(words: Words) -> None:
    """Put every word that has letters into the empty table."""
    last = len(words.keys) - 1
    for number in range(len(words.edges) - 1):
        begin, end = words.edges[number], words.edges[number + 1]
        key = _NONE
        for place in range(end - begin):
            key = _with_letter(key, words.letters[begin + place], place)
        slot = np.int64((key * SPREAD) >> words.shift)
        while begin < end and words.numbers[slot] >= 0:
            slot = (slot + 1) & last
        if begin < end:
            words.keys[slot], words.numbers[slot] = key, number


@compiled
def cut(words: Words, data: Bytes, ends: Numbers, numbers: Places, edges: Numbers) -> None:
    """Write the number of every word, -1 for an unknown one; those of text n are `numbers[edges[n] : edges[n + 1]]`.

    `data` and `ends` are those of `words.prepared`.
    """
    # Taken out of the tuple once: in the loop each look would cost as much as a letter.
    keys, known, shift, letters, spelt = words.keys, words.numbers, words.shift, words.letters, words.edges
    last, begin, count = len(keys) - 1, 1, 0
    for text in range(len(ends)):
        key, length = _NONE, 0
        for at in range(begin, ends[text] + 1):
            if data[at] != _BLANK:
                key = _with_letter(key, data[at], length)
                length += 1
                continue
            if length >= 2:
                slot = np.int64((key * SPREAD) >> shift)
                number = np.int64(known[slot])
                # A short key is the word itself.
                while number >= 0 and not (
                    keys[slot] == key
                    and (length <= _LETTERS or _is(letters, spelt[number], spelt[number + 1], data, at - length, at))
                ):
                    slot = (slot + 1) & last
                    number = np.int64(known[slot])
                numbers[count] = number
                count += 1
            key, length = _NONE, 0
        edges[text + 1] = count
        begin = ends[text] + 1


@compiled
def weigh(numbers: Places, edges: Numbers, grams: Grams, terms: Terms, margins: Floats, distinct: Places) -> None:
    """Write the margins of each text, shape (texts, themes), and how many distinct terms it has."""
    keys, known, columns, logs, parts = grams.keys, grams.numbers, grams.columns, terms.logs, terms.parts
    counts, sums = np.zeros(len(parts), dtype=np.int32), np.zeros(parts.shape[1])
    found = np.empty(len(parts), dtype=np.int32)
    themes = parts.shape[1] - 1
    for text in range(len(edges) - 1):
        met, end = 0, edges[text + 1]
        for begin in range(edges[text], end):
            gram, size = np.int64(numbers[begin]), 1
            while gram >= 0:
                column = columns[grams.column_starts[size - 1] + gram]
                if column >= 0:
                    if counts[column] == 0:
                        found[met] = column
                        met += 1
                    counts[column] += 1
                if size == grams.longest or begin + size == end or numbers[begin + size] < 0:
                    break
                size += 1
                first, mask = grams.starts[size - 2], grams.starts[size - 1] - grams.starts[size - 2] - 1
                key = np.uint64(gram * grams.words + numbers[begin + size - 1])
                slot = np.int64((key * SPREAD) >> grams.shifts[size - 2])
                gram = np.int64(known[first + slot])
                while gram >= 0 and keys[first + slot] != key:
                    slot = (slot + 1) & mask
                    gram = np.int64(known[first + slot])
        sums[:] = 0.0
        for place in range(met):
            column = found[place]
            weight = logs[counts[column]]
            for theme in range(themes):
                sums[theme] += weight * parts[column, theme]
            sums[themes] += weight * weight * parts[column, themes]
            counts[column] = 0
        length = np.sqrt(sums[themes]) if terms.l2 and met else 1.0
        for theme in range(themes):
            margins[text, theme] = sums[theme] / length
        distinct[text] = met
