"""From the letters of texts to their margins in one pass: loops that numba compiles, and Python runs slowly.

Without numba nothing here is called but by tests, in which the same lines run as plain Python. Loops are written for
processors that guess where a branch leads: what is not wanted is written as well, and then written over. Places are
unsigned integers, for of signed ones it would be asked each time whether they count from the end. All is in one file:
numba keeps what it has compiled, and looks for changes in the file of the function that is called alone.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from features.keys import SPREAD, Keys, Places
from features.metrics import Bools
from features.resampling import Floats

F = TypeVar("F", bound=Callable[..., Any])

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


# Letters that one integer holds, and numbers that one line of the processor's cache does.
LETTERS = WIDTH = 8
_0, _1, _2, _3, _4, _5, _6, _7, _8 = (np.uint64(n) for n in range(LETTERS + 1))
# Letters that are looked at without asking whether a word has as many, as few words have more.
USUAL = np.uint64(3 * LETTERS)
# Leaves the first so many letters of the eight in a little-endian integer.
_FIRST = np.array([(1 << (8 * letters)) - 1 for letters in range(LETTERS + 1)], dtype=np.uint64)
# Eight letters as one integer: of each the highest bit, or all others.
_HIGHEST, _SEVEN = np.uint64(0x8080808080808080), np.uint64(0x7F7F7F7F7F7F7F7F)
# What to add to each of eight letters, that the highest bit tells whether it is that one or one behind it.
_A, _AFTER_Z, _SMALL_A, _AFTER_SMALL_Z, _ZERO, _AFTER_NINE, _UNDERSCORE, _AFTER_UNDERSCORE = (
    np.uint64((0x80 - ord(letter)) * 0x0101010101010101) for letter in "A[a{0:_`"
)
# Times this, the lowest bits of eight letters stand side by side in the highest byte.
_GATHER, _56, _BYTE = np.uint64(0x0102040810204080), np.uint64(56), np.uint64(0xFF)
_FIRST_BITS = np.array([(1 << n) - 1 for n in range(9)], dtype=np.uint64)
# Of each byte the places of its bits, and how many there are.
_PLACES = np.array(
    [[n for n in range(8) if byte >> n & 1] + [0] * (8 - byte.bit_count()) for byte in range(256)], dtype=np.uint64
)
_HOW_MANY = np.array([byte.bit_count() for byte in range(256)], dtype=np.uint64)
_HALF = np.uint64(32)
_LONG = np.uint64(1 << 63)
# A text's number, shifted so far, is where its counts begin: no text has as many terms.
_TIMES = np.uint64(32)


class Words(NamedTuple):
    """An open-addressing table: of each slot a key and a number, shape (slots, 2), `unknown` in an empty one.

    `shift` leaves the bits of a first slot, `mix` makes one key of a long word. Word n lies between edges[n] and
    edges[n + 1]; `letters` holds at each place the eight from there on, with room for USUAL behind the last. `unknown`
    is one more than the last n, a word without letters.
    """

    slots: Keys
    shift: np.uint64
    mix: np.uint64
    letters: Keys
    edges: Keys
    unknown: np.uint64


class Grams(NamedTuple):
    """Tables of n-grams, one after another: those of two words from `starts[0]` on, of three from `starts[1]`.

    A slot holds a key, and in its last `bits` a number. A key is the number of the beginning times one more than there
    are words, plus that of the last word. `unknown[n - 1]` is one more than the last number of n-grams of n words, and
    `rows[n - 1]` the row of the first; n-grams shorter than `shortest` are beginnings alone.
    """

    slots: Keys
    starts: Keys
    shifts: Keys
    bits: np.uint64
    unknown: Keys
    rows: Keys
    shortest: int


class Terms(NamedTuple):
    """What a term weighs, a row each: its weights by theme, 1 where it is one, room, and last the square of its idf.

    There are eight columns, or a multiple. The nth occurrence in a text adds `gains[n]` times the row, and `squared[n]`
    times the square; a text's margins are divided by the root of their sum where the view asks for `l2`.
    """

    parts: Floats
    gains: Floats
    squared: Floats
    l2: bool


@compiled
def spans(eight: Keys, begin: np.uint64, end: np.uint64, edges: Keys) -> np.uint64:
    """Make the letters of a text small, and write where words begin and end by turns; returns how many edges.

    Eight letters are worked on at once, of which `eight` holds at each place those from there on.
    """
    count, before = _0, _0
    for at in range(begin, end, _8):
        letters = eight[at]
        letters |= between(letters, _A, _AFTER_Z) >> _2
        eight[at] = letters
        inside = between(letters, _SMALL_A, _AFTER_SMALL_Z) | between(letters, _ZERO, _AFTER_NINE)
        inside |= between(letters, _UNDERSCORE, _AFTER_UNDERSCORE) | letters & _HIGHEST
        # One bit of each letter, and none behind the end.
        bits = ((inside >> _7) * _GATHER >> _56) & _FIRST_BITS[min(end - at, _8)]
        changes = (bits ^ (bits << _1 | before)) & _BYTE
        for n in range(_8):
            edges[count + n] = at + _PLACES[changes, n]
        count += _HOW_MANY[changes]
        before = bits >> _7
    edges[count] = end
    return count + before


@compiled
def between(letters: np.uint64, first: np.uint64, after: np.uint64) -> np.uint64:
    """The highest bit of each of eight letters that is ASCII and between the two."""
    seven = letters & _SEVEN
    return ((seven + first) ^ (seven + after)) & ~letters & _HIGHEST


@compiled
def keys_of(
    edges: Keys, count: np.uint64, eight: Keys, mix: np.uint64, keys: Keys, begins: Keys, lengths: Keys, long: Keys
) -> tuple[np.uint64, np.uint64]:
    """Write the key, the beginning and the length of every word of two letters or more, and which have more than eight.

    A word of up to eight letters is its own key; `eight` holds at each place the eight letters from there on. Returns
    how many words there are, and how many long ones.
    """
    found = many = _0
    for at in range(_0, count, _2):
        begin = edges[at]
        length = edges[at + _1] - begin
        begins[found], lengths[found] = begin, length
        keys[found] = eight[begin] & _FIRST[min(length, _8)]
        long[many] = found
        found += np.uint64(length >= _2)
        many += np.uint64(length > _8)
    for n in range(_0, many):
        begin, length = begins[long[n]], lengths[long[n]]
        key = keys[long[n]]
        for place in range(_8, USUAL, _8):
            key = (key ^ (key >> _HALF)) * mix + (eight[begin + place] & _FIRST[min(max(length, place) - place, _8)])
        for place in range(USUAL, length, _8):
            key = (key ^ (key >> _HALF)) * mix + (eight[begin + place] & _FIRST[min(length - place, _8)])
        keys[long[n]] = ((key ^ (key >> _HALF)) * mix) | _LONG
    return found, many


@compiled
def find_words(keys: Keys, count: np.uint64, slots: Keys, shift: np.uint64, unknown: np.uint64, numbers: Keys) -> None:
    """Write the number of the word that has the key of each."""
    last = np.uint64(len(slots) - 1)
    for n in range(_0, count):
        key = keys[n]
        slot = (key * SPREAD) >> shift
        while slots[slot, 0] != key and slots[slot, 1] != unknown:
            slot = (slot + _1) & last
        numbers[n] = slots[slot, 1]


@compiled
def compare_words(
    long: Keys, many: np.uint64, begins: Keys, lengths: Keys, eight: Keys,
    unknown: np.uint64, spelt: Keys, edges: Keys, numbers: Keys,
) -> None:  # fmt: skip
    """Write `unknown` over the numbers of long words that are not spelt alike: a short key is the word itself."""
    for n in range(_0, many):
        begin, length, number = begins[long[n]], lengths[long[n]], numbers[long[n]]
        known = edges[number]
        other = (edges[number + _1] - known) ^ length
        for place in range(_0, USUAL, _8):
            first = _FIRST[min(max(length, place) - place, _8)]
            other |= (eight[begin + place] ^ spelt[known + place]) & first
        for place in range(USUAL, length if other == _0 else _0, _8):
            other |= (eight[begin + place] ^ spelt[known + place]) & _FIRST[min(length - place, _8)]
        numbers[long[n]] = number if other == _0 else unknown


@compiled
def lengthen(
    grams: Keys, words: Keys, count: np.uint64, more: np.uint64, base: np.uint64,
    slots: Keys, shift: np.uint64, bits: np.uint64, unknown: np.uint64,
) -> None:  # fmt: skip
    """Write numbers of n-grams over those that begin with the same word and are one shorter, of `more` words."""
    last, number = np.uint64(len(slots) - 1), (_1 << bits) - _1
    for n in range(_0, count - min(count, more)):
        key = grams[n] * base + words[n + more]
        slot = (key * SPREAD) >> shift
        while slots[slot] >> bits != key and slots[slot] & number != unknown:
            slot = (slot + _1) & last
        grams[n] = slots[slot] & number


@compiled
def rows_of(
    grams: Keys, count: np.uint64, more: np.uint64, first: np.uint64, unknown: np.uint64, rows: Keys, found: np.uint64
) -> np.uint64:
    """Write the rows of the known n-grams behind the first `found`; returns how many there are now."""
    for n in range(_0, count - min(count, more)):
        rows[found] = first + grams[n]
        found += np.uint64(grams[n] != unknown)
    return found


@compiled
def gains_of(
    rows: Keys, found: np.uint64, before: np.uint64, times: Keys, parts: Floats, square: np.uint64,
    by_count: Floats, squares_by_count: Floats, gains: Floats,
) -> float:  # fmt: skip
    """Write what each occurrence of a term adds to its weight; returns the sum of squares, column `square` of `parts`.

    `times` counts from `before` on, which is more than any other text has left there: nothing need be wiped.
    """
    total = 0.0
    for n in range(_0, found):
        row = rows[n]
        times[row] = max(times[row], before) + _1
        often = times[row] - before
        gains[n] = by_count[often]
        total += squares_by_count[often] * parts[row, square]
    return total


@compiled
def add_up(rows: Keys, found: np.uint64, gains: Floats, parts: Floats, first: np.uint64, sums: Floats) -> None:
    """Write the sums of eight columns from `first` on, each row times its gain."""
    a = b = c = d = e = f = g = h = 0.0
    for n in range(_0, found):
        gain, row = gains[n], rows[n]
        a += gain * parts[row, first]
        b += gain * parts[row, first + _1]
        c += gain * parts[row, first + _2]
        d += gain * parts[row, first + _3]
        e += gain * parts[row, first + _4]
        f += gain * parts[row, first + _5]
        g += gain * parts[row, first + _6]
        h += gain * parts[row, first + _7]
    sums[first], sums[first + _1], sums[first + _2], sums[first + _3] = a, b, c, d
    sums[first + _4], sums[first + _5], sums[first + _6], sums[first + _7] = e, f, g, h


@compiled
def weigh(eight: Keys, edges: Places, words: Words, grams: Grams, terms: Terms, margins: Floats, known: Bools) -> None:
    """Write the margins of each text, shape (texts, themes), and whether it has a term.

    Text n lies between edges[n] and edges[n + 1] of the letters that `words.letters_of` gives; `eight` holds at each
    place the eight letters from there on, with room for USUAL behind the last, and is written over.
    """
    # Taken out of the tuples once: each look would cost as much as a letter.
    mix, slots, shift, spelt, borders_of = words.mix, words.slots, words.shift, words.letters, words.edges
    tables, parts, unknown = grams.slots, terms.parts, grams.unknown
    columns, themes, sizes = np.uint64(parts.shape[1]), margins.shape[1], len(unknown)
    longest = 0
    for text in range(len(edges) - 1):
        longest = max(longest, edges[text + 1] - edges[text])
    most = longest // 2 + 2
    borders, rows = np.empty(longest + 2 + LETTERS, dtype=np.uint64), np.empty(most * sizes, dtype=np.uint64)
    keys, begins, lengths = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.uint64)
    long, numbers, longer = np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.uint64)
    gains, sums, times = np.empty(most * sizes), np.empty(columns), np.zeros(len(parts), dtype=np.uint64)
    for text in range(len(edges) - 1):
        count = spans(eight, np.uint64(edges[text]), np.uint64(edges[text + 1]), borders)
        count, many = keys_of(borders, count, eight, mix, keys, begins, lengths, long)
        find_words(keys, count, slots, shift, unknown[0], numbers)
        compare_words(long, many, begins, lengths, eight, unknown[0], spelt, borders_of, numbers)
        for n in range(_0, count):
            longer[n] = numbers[n]
        found = _0
        for size in range(sizes):
            if size:
                table = tables[grams.starts[size - 1] : grams.starts[size]]
                shift_of, base = grams.shifts[size - 1], unknown[0] + _1
                lengthen(longer, numbers, count, np.uint64(size), base, table, shift_of, grams.bits, unknown[size])
            if size + 1 >= grams.shortest:
                found = rows_of(longer, count, np.uint64(size), grams.rows[size], unknown[size], rows, found)
        before = np.uint64(text + 1) << _TIMES
        square = gains_of(rows, found, before, times, parts, columns - _1, terms.gains, terms.squared, gains)
        length = np.sqrt(square) if terms.l2 and square > 0 else 1.0
        for first in range(_0, columns, _8):
            add_up(rows, found, gains, parts, np.uint64(first), sums)
        for theme in range(themes):
            margins[text, theme] = sums[theme] / length
        known[text] = sums[themes] > 0
