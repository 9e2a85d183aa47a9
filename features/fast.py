"""A view of words for `kernel`, where numba is installed: its words and n-grams as tables of plain arrays."""

from collections.abc import Sequence

import numpy as np

from features import kernel
from features.compiled import CompiledView, WordGrams
from features.experiments import NGrams
from features.kernel import LETTERS, USUAL, WIDTH, Grams, Terms, Words
from features.keys import Keys, KeyTable, Numbers, Places
from features.metrics import Bools
from features.passages import Texts
from features.resampling import Floats
from features.words import Bytes, Spelling, letters_of

# What is not of length 1 may grow with the text, and so does the error of adding up its terms one by one: from so many
# letters on it might exceed what a bundle allows for.
_LONGEST = 1_000


def fits(grams: WordGrams) -> bool:
    """Whether one integer has room for the key and the number of every n-gram."""
    most = max(map(len, grams.columns_by_size))
    return most * (len(grams.words) + 2) < 1 << (64 - most.bit_length())


class FastView:
    """The same view as a compiled one of words."""

    def __init__(self, exact: CompiledView) -> None:
        assert isinstance(exact.grams, WordGrams)
        self._exact, self._view, self._spelling = exact, exact.view, Spelling(exact.grams.words)
        self._words = _words([self._spelling.of(word) for word in exact.grams.words])
        self._grams = _grams(exact.grams, exact.view)
        self._parts = _parts(exact, np.concatenate(exact.grams.columns_by_size))

    def margins(self, texts: Texts) -> tuple[Floats, Bools]:
        """What CompiledView.margins gives, but for the last bits."""
        data, edges = letters_of(self._spelling.spelt(texts))
        terms = self._terms(int(np.diff(edges).max(initial=0)))
        letters = np.concatenate([data, np.zeros(USUAL, dtype=np.uint8)])
        margins, known = np.empty((len(texts), len(self._exact.coefficients))), np.empty(len(texts), dtype=bool)
        kernel.weigh(_by_eight(letters), edges, self._words, self._grams, terms, margins, known)
        if self._view.norm != "l2":
            for place in np.flatnonzero(np.diff(edges) > _LONGEST).tolist():
                margins[place], known[place] = self._exact.margins(texts[place : place + 1])
        return margins, known

    def _terms(self, longest: int) -> Terms:
        """What a term weighs in a text of at most so many letters."""
        tf = np.arange(longest + 2, dtype=np.float64)
        weights = np.concatenate([[0.0], np.log(tf[1:]) + 1]) if self._view.sublinear_tf else tf
        grown = np.diff(weights, prepend=0), np.diff(weights**2, prepend=0)
        return Terms(self._parts, *grown, self._view.norm == "l2")


def _by_eight(letters: Bytes) -> Keys:
    """The eight letters from each place on as an integer, the first its last byte."""
    return np.ndarray(len(letters) - LETTERS + 1, dtype="<u8", buffer=letters, strides=(1,))


def _words(spelt: Sequence[str]) -> Words:
    """A table of these words, each found by its spelling; one without letters is never found."""
    encoded = [word.encode() for word in spelt]
    letters = np.frombuffer(b"".join(encoded) + bytes(2 * int(USUAL)), dtype=np.uint8)
    edges = np.cumsum([0, *map(len, encoded), 0]).astype(np.uint64)
    there = np.flatnonzero(np.diff(edges))
    keys = np.zeros(len(spelt), dtype=np.uint64)
    random = np.random.default_rng(0)
    while True:
        mix = random.integers(0, 2**64, dtype=np.uint64) | np.uint64(1)
        keys[there] = _keys(edges, there, _by_eight(letters), mix)
        if len(np.unique(keys[there])) == len(there):
            break
    table = KeyTable(keys, there)
    return Words(table.slots(), table.shift, mix, _by_eight(letters), edges, np.uint64(len(spelt)))


def _keys(edges: Keys, which: Places, eight: Keys, mix: np.uint64) -> Keys:
    """The keys of these of the words that lie between `edges`."""
    keys, begins, lengths, long = np.empty((4, len(which) + 1), dtype=np.uint64)
    borders = np.column_stack([edges[which], edges[which + 1]]).ravel()
    kernel.keys_of(borders, np.uint64(len(borders)), eight, mix, keys, begins, lengths, long)
    return keys[:-1]


def _grams(plain: WordGrams, view: NGrams) -> Grams:
    counts = [len(columns) - 1 for columns in plain.columns_by_size]
    bits = max(counts).bit_length()
    pairs = [table.slots().T for table in plain.tables]
    slots = [keys << np.uint64(bits) | numbers for keys, numbers in pairs]
    return Grams(
        slots=np.concatenate([np.zeros(0, dtype=np.uint64), *slots]),
        starts=np.cumsum([0, *map(len, slots)]).astype(np.uint64),
        shifts=np.array([table.shift for table in plain.tables], dtype=np.uint64),
        bits=np.uint64(bits),
        unknown=np.array(counts, dtype=np.uint64),
        rows=np.cumsum([0, *(count + 1 for count in counts[:-1])]).astype(np.uint64),
        shortest=view.ngrams[0],
    )


def _parts(exact: CompiledView, columns: Numbers) -> Floats:
    """`parts` of Terms; `columns` says of each row which term it is, one behind the last for none."""
    themes, size = exact.coefficients.shape
    terms = np.flatnonzero(columns < size)
    idf = exact.idf[columns[terms]]
    rows = np.zeros((len(columns), themes + 2 + -(themes + 2) % WIDTH))
    rows[terms, :themes] = exact.coefficients.T[columns[terms]] * idf[:, None] * exact.view.weight
    rows[terms, themes] = 1
    rows[terms, -1] = idf**2
    return _on_lines(rows)


def _on_lines(rows: Floats) -> Floats:
    """The same numbers, eight of them in one line of the processor's cache."""
    room = np.empty(rows.size + WIDTH)
    begin = -(room.ctypes.data // room.itemsize) % WIDTH
    placed: Floats = room[begin : begin + rows.size].reshape(rows.shape)
    placed[:] = rows
    return placed
