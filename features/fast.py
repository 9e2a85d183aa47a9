"""A view of words for `kernel`, where numba is installed: its words and n-grams as tables of plain arrays."""

from collections.abc import Sequence

import numpy as np

from features import kernel
from features.compiled import CompiledView, WordGrams
from features.experiments import NGrams
from features.kernel import Grams, Places, Terms, Words
from features.keys import KeyTable
from features.resampling import Floats
from features.words import Spelling


class FastView:
    """The same view as a compiled one of words."""

    def __init__(self, exact: CompiledView) -> None:
        assert isinstance(exact.grams, WordGrams)
        self._view, self._spelling = exact.view, Spelling(exact.grams.words)
        self._words = _words([self._spelling.of(word) for word in exact.grams.words])
        self._grams = _grams(exact.grams, exact.view)
        idf = np.ones(exact.coefficients.shape[1]) if exact.idf is None else exact.idf
        weights = exact.coefficients.T * idf[:, None] * exact.view.weight
        self._parts = np.ascontiguousarray(np.column_stack([weights, idf**2]))

    def margins(self, texts: Sequence[str]) -> tuple[Floats, Places]:
        """What CompiledView.margins gives, but for the last bits."""
        data, ends = self._spelling.prepared(texts)
        tf = np.arange(1.0, 2 + max(map(len, texts), default=0))
        terms = Terms(
            np.concatenate([[0.0], np.log(tf) + 1.0 if self._view.sublinear_tf else tf]),
            self._parts,
            self._view.norm == "l2",
        )
        numbers, edges = np.empty(len(data) // 3 + 1, dtype=np.int32), np.zeros(len(texts) + 1, dtype=np.int64)
        kernel.cut(self._words, np.frombuffer(data, dtype=np.uint8), ends, numbers, edges)
        margins, known = np.empty((len(texts), self._parts.shape[1] - 1)), np.empty(len(texts), dtype=np.int32)
        kernel.weigh(numbers, edges, self._grams, terms, margins, known)
        return margins, known


def _words(spelt: Sequence[str]) -> Words:
    """A table of these words, each found by its spelling in Latin-1; one without letters is never found."""
    empty = KeyTable(np.zeros(0, dtype=np.uint64), slots_for=len(spelt))
    words = Words(
        empty.keys,
        empty.numbers.astype(np.int32),
        empty.shift,
        np.frombuffer("".join(spelt).encode("latin-1"), dtype=np.uint8),
        np.cumsum([0, *map(len, spelt)]),
    )
    kernel.fill(words)
    return words


def _grams(plain: WordGrams, view: NGrams) -> Grams:
    tables, columns = plain.tables, list(plain.columns_by_size)
    for size in range(view.ngrams[0] - 1):
        columns[size] = np.full_like(columns[size], -1)
    return Grams(
        keys=np.concatenate([np.zeros(0, dtype=np.uint64), *(table.keys for table in tables)]),
        numbers=np.concatenate([np.zeros(0), *(table.numbers for table in tables)]).astype(np.int32),
        shifts=np.array([table.shift for table in tables], dtype=np.uint64),
        starts=np.cumsum([0, *(len(table.keys) for table in tables)]),
        columns=np.concatenate(columns).astype(np.int32),
        column_starts=np.cumsum([0, *map(len, columns[:-1])]),
        words=len(plain.words),
        longest=view.ngrams[1],
    )
