"""Rows in folds: margins of every row from models that saw neither it nor anything that nearly repeats it."""

from collections.abc import Sequence
from itertools import compress

import msgspec
import numpy as np
from numpy.typing import NDArray

from features.classifiers import fit, margins, themes_may_be_missing
from features.duplicates import Pairs
from features.errors import UsageFailure
from features.experiments import FineTuned, LinearSVM, Part
from features.lexicon import LabellingFunction
from features.logistic_family import held_out_margins
from features.metrics import Bools
from features.resampling import Floats
from features.text import Passage
from features.threads import in_threads

NONE: frozenset[int] = frozenset()


class CrossFit:
    """`passages` with their `gold` (rows, themes) and fold (rows,), and models fitted without some of the folds.

    A row that nearly repeats one of the folds left out (`repeats`, shape (n, 2)) is not learned from either: groups of
    documents are held out whole, but a stock phrase may stand in many of them. Putting all of these in one group would
    chain a good part of the documents together, as it would in the split. Every fit is done once. `adapted` are the
    fine-tuned encoder's margins (rows, themes), out of folds of its own.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        gold: Bools,
        fold_of: NDArray[np.int64],
        repeats: Pairs,
        functions: Sequence[LabellingFunction],
        adapted: Floats | None = None,
    ) -> None:
        self.passages = list(passages)
        self.gold = gold
        self.fold_of = fold_of
        self.folds: list[int] = np.unique(fold_of).tolist()
        self.repeats = repeats
        self.functions = functions
        self.adapted = adapted
        self._family_of: dict[bytes, list[Part]] = {}
        self._fitted: dict[tuple[bytes, frozenset[int]], dict[int, Floats]] = {}

    def fit_together(self, families: Sequence[Sequence[Part]]) -> None:
        """From now on a part of one of these `families` is fitted when the rest of it is, see `logistic_family`."""
        self._family_of |= {_name(part): list(family) for family in families for part in family}

    def out_of_fold(self, part: Part, without: frozenset[int] = NONE) -> Floats:
        """Margins (rows, themes) of each row from a model fitted on the other folds.

        Rows of the folds `without` take no part: they are neither learned from nor answered (NaN).
        """
        if isinstance(part.classifier, FineTuned):
            return self._of_adaptation(without)
        found = np.full(self.gold.shape, np.nan)
        answered = [fold for fold in self.folds if fold not in without]
        with themes_may_be_missing():
            # liblinear draws from one generator of the whole process: two fits at once would not be the same again.
            each = map if isinstance(part.classifier, LinearSVM) else in_threads
            margins_of = each(lambda fold: self._left_out(part, without | {fold}), answered)
            for fold, left_out in zip(answered, margins_of, strict=True):
                found[self.fold_of == fold] = left_out[fold]
        return found

    def learned_from(self, without: frozenset[int]) -> Bools:
        """Which rows (rows,) a model may learn from that answers for the folds `without`."""
        held_out = np.isin(self.fold_of, list(without))
        first, second = self.repeats.T
        learned = ~held_out
        learned[first[held_out[second]]] = False
        learned[second[held_out[first]]] = False
        return learned

    def _left_out(self, part: Part, without: frozenset[int]) -> dict[int, Floats]:
        """Margins of the rows of each of the folds `without`, from a model that knows none of them."""
        key = (_name(part), without)
        if key not in self._fitted:
            learned, held_out = self.learned_from(without), np.isin(self.fold_of, list(without))
            known, asked = (self._passages(learned), self.gold[learned]), self._passages(held_out)
            family = self._family_of.get(key[0], [part])
            if len(family) > 1:
                of_each = held_out_margins(family, *known, asked, self.functions)
            else:
                of_each = [margins(fit(part, *known, self.functions), asked)]
            for one, found in zip(family, of_each, strict=True):
                by_fold = {fold: found[self.fold_of[held_out] == fold] for fold in without}
                self._fitted[_name(one), without] = by_fold
        return self._fitted[key]

    def _of_adaptation(self, without: frozenset[int]) -> Floats:
        if self.adapted is None:
            raise UsageFailure(
                "the encoder is not fine-tuned: set adapt.epochs in params.yaml, or take the experiment out"
            )
        return np.where(np.isin(self.fold_of, list(without))[:, None], np.nan, self.adapted)

    def _passages(self, wanted: Bools) -> list[Passage]:
        return list(compress(self.passages, wanted))


def _name(part: Part) -> bytes:
    return msgspec.json.encode(part)
