"""Rows in folds: margins of every row from models that saw neither it nor anything that nearly repeats it."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from features.classifiers import fit, margins
from features.duplicates import Pairs
from features.errors import UsageFailure
from features.experiments import Part
from features.metrics import Bools
from features.resampling import Floats

NONE: frozenset[int] = frozenset()


class CrossFit:
    """`texts` with their `gold` (rows, themes) and fold (rows,), and models fitted without some of the folds.

    A row that nearly repeats one of the folds left out (`repeats`, shape (n, 2)) is not learned from either: groups of
    documents are held out whole, but a stock phrase may stand in many of them. Putting all of these in one group would
    chain a good part of the documents together, as it would in the split. Every fit is done once.
    """

    def __init__(self, texts: Sequence[str], gold: Bools, fold_of: NDArray[np.int64], repeats: Pairs) -> None:
        self.texts = np.array(texts, dtype=object)
        self.gold = gold
        self.fold_of = fold_of
        self.folds: list[int] = np.unique(fold_of).tolist()
        self.repeats = repeats
        self._fitted: dict[tuple[bytes, frozenset[int]], Floats] = {}

    def out_of_fold(self, part: Part, without: frozenset[int] = NONE) -> Floats:
        """Margins (rows, themes) of each row from a model fitted on the other folds.

        Rows of the folds `without` take no part: they are neither learned from nor answered (NaN).
        """
        found = np.full(self.gold.shape, np.nan)
        for fold in self.folds:
            if fold not in without:
                rows = self.fold_of == fold
                found[rows] = self._left_out(part, without | {fold})[rows]
        return found

    def learned_from(self, without: frozenset[int]) -> Bools:
        """Which rows (rows,) a model may learn from that answers for the folds `without`."""
        held_out = np.isin(self.fold_of, list(without))
        first, second = self.repeats.T
        learned = ~held_out
        learned[first[held_out[second]]] = False
        learned[second[held_out[first]]] = False
        return learned

    def _left_out(self, part: Part, without: frozenset[int]) -> Floats:
        """Margins of the rows of the folds `without` from a model that does not know them; NaN for the others."""
        key = (msgspec.json.encode(part), without)
        if key not in self._fitted:
            learned, held_out = self.learned_from(without), np.isin(self.fold_of, list(without))
            pipeline = fit(part, self.texts[learned].tolist(), self.gold[learned])
            found = np.full(self.gold.shape, np.nan)
            found[held_out] = margins(pipeline, self.texts[held_out].tolist())
            self._fitted[key] = found
        return self._fitted[key]


def folds_of(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """A fold for each row, the same for rows of one group, as many groups in each fold as can be."""
    names = sorted(set(groups))
    if len(names) < 2:
        raise UsageFailure("train has fewer than two documents with gold labels; annotate more: make annotations")
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[index]: place % folds for place, index in enumerate(order)}
    return np.array([fold_of[group] for group in groups], dtype=np.int64)
