"""Choose among the candidates of an experiment's `tune`, without any estimate seeing its own choice.

Nested cross-validation by groups of documents (Stone 1974; Varma and Simon 2006): for the rows of one fold the choice
is made from the other folds alone, each of these held out in turn; the final model's choice is made from all folds in
the same way. A model fitted without two folds serves both, so a candidate costs folds * (folds + 1) / 2 fits. Those of
candidates that differ in the penalty of a logistic regression are solved together, see `logistic_family`.

The criterion is average precision, averaged over the themes. It asks for the right order and needs no threshold, so it
moves less from fold to fold than F1 does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import UsageFailure
from features.experiments import Experiment
from features.folds import NONE, CrossFit
from features.grid import combinations
from features.logistic_family import families
from features.metrics import Bools
from features.mixing import HeldOut, mixed, mixed_out_of_fold, platt_by_theme
from features.resampling import Floats


@dataclass(frozen=True, slots=True)
class Choice:
    """The number of the candidate chosen, the score of each, and `scales` (parts, themes, 2) that give log-odds.

    Margins of two candidates are not on one scale (a weaker penalty makes larger ones); their log-odds are.
    """

    candidate: int
    scores: list[float]
    scales: Floats


@dataclass(frozen=True, slots=True)
class Search:
    """The candidates as values by path, the choice made for each fold without it, and the one of the final model."""

    candidates: list[dict[str, Any]]
    by_fold: list[Choice]
    final: Choice

    @property
    def chosen(self) -> dict[str, Any]:
        """What the final model has at each path."""
        return self.candidates[self.final.candidate]


def search(experiment: Experiment, rows: CrossFit, is_gold: NDArray[np.bool_]) -> tuple[Search, Floats]:
    """The choices, and the log-odds (rows, themes) of each row from what was chosen without its fold.

    Raises UsageFailure when there are fewer than three folds: one answers, one chooses, and one must be learned from.
    """
    if len(rows.folds) < 3:
        raise UsageFailure("`tune` needs train.folds of 3 or more, and as many train documents that differ")
    rows.fit_together(families(experiment.candidates))
    by_fold = [_choice(experiment, rows, is_gold, frozenset({fold})) for fold in rows.folds]
    together = np.full(rows.gold.shape, np.nan)
    for fold, choice in zip(rows.folds, by_fold, strict=True):
        parts = experiment.candidates[choice.candidate].parts
        answered = rows.fold_of == fold
        together[answered] = mixed([rows.out_of_fold(part)[answered] for part in parts], choice.scales)
    return Search(combinations(experiment.tune), by_fold, _choice(experiment, rows, is_gold, NONE)), together


def _choice(experiment: Experiment, rows: CrossFit, is_gold: NDArray[np.bool_], without: frozenset[int]) -> Choice:
    """The best candidate by the folds that are not `without`; of equals the first."""
    found = [mixed_out_of_fold(one, rows, is_gold, without) for one in experiment.candidates]
    scores = [round(_score(one.margins, rows.gold, is_gold), 6) for one in found]
    best = int(np.argmax(scores))
    return Choice(best, scores, _as_log_odds(found[best], rows.gold, is_gold))


def _score(margins: Floats, gold: Bools, is_gold: NDArray[np.bool_]) -> float:
    """Average precision, averaged over the themes that have a positive."""
    from sklearn.metrics import average_precision_score

    usable = is_gold[:, None] & ~np.isnan(margins)
    columns: Sequence[tuple[Bools, Floats]] = [(gold[keep, n], margins[keep, n]) for n, keep in enumerate(usable.T)]
    return float(np.mean([average_precision_score(*column) for column in columns if column[0].any()]))


def _as_log_odds(found: HeldOut, gold: Bools, is_gold: NDArray[np.bool_]) -> Floats:
    """The candidate's scales with the calibration of its margins put into them."""
    slopes, offsets = platt_by_theme(found.margins, gold, is_gold).T
    return np.stack([found.scales[..., 0] * slopes, found.scales[..., 1] * slopes + offsets], axis=-1)
