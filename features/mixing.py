"""The parts of an experiment on one scale, their own held-out log-odds, averaged or weighted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.experiments import Experiment
from features.folds import NONE, CrossFit
from features.metrics import Bools
from features.resampling import Floats
from features.thresholds import platt


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Margins (rows, themes) of all parts together, NaN where there is no answer, and the `scales` they stand on."""

    margins: Floats
    scales: Floats


def mixed(of_parts: Sequence[Floats], scales: Floats) -> Floats:
    """The mean over parts of slope * margin + offset; margins (n, themes), `scales` (parts, themes, 2)."""
    scaled = [found * scale[:, 0] + scale[:, 1] for found, scale in zip(of_parts, scales, strict=True)]
    result: Floats = np.mean(scaled, axis=0, dtype=np.float64)
    return result


def mixed_out_of_fold(
    experiment: Experiment, rows: CrossFit, is_gold: NDArray[np.bool_], without: frozenset[int] = NONE
) -> HeldOut:
    """Each row of the folds that are not `without`, answered by models of the others among these folds.

    The scales of a fold's rows are learned without it; those that are returned, from all.
    """
    found = [rows.out_of_fold(part, without) for part in experiment.parts]
    learn = _stacked if experiment.weights == "stacked" else _scales
    together = np.full(rows.gold.shape, np.nan)
    for fold in rows.folds:
        here = rows.fold_of == fold
        together[here] = mixed([one[here] for one in found], learn(found, rows.gold, is_gold & ~here))
    return HeldOut(together, learn(found, rows.gold, is_gold))


def platt_by_theme(found: Floats, gold: Bools, is_gold: NDArray[np.bool_]) -> Floats:
    """Slope and offset of each theme (themes, 2), from the gold rows that have a margin."""
    usable = is_gold[:, None] & ~np.isnan(found)
    fits = [platt(found[keep, n, None], gold[keep, n]) for n, keep in enumerate(usable.T)]
    return np.array([(slope[0], offset) for slope, offset in fits])


def _scales(held_out: Sequence[Floats], gold: Bools, is_gold: NDArray[np.bool_]) -> Floats:
    """What puts the parts' margins on one scale, their own held-out log-odds; a single part needs none."""
    if len(held_out) == 1:
        return np.tile([1.0, 0.0], (1, gold.shape[1], 1))
    return np.array([platt_by_theme(found, gold, is_gold) for found in held_out])


def _stacked(held_out: Sequence[Floats], gold: Bools, is_gold: NDArray[np.bool_]) -> Floats:
    """Scales whose mean is, for each theme, the weighted sum of the parts' log-odds that fits the gold best."""
    scales = _scales(held_out, gold, is_gold)
    log_odds = np.stack([mixed([found], scale[None]) for found, scale in zip(held_out, scales, strict=True)], axis=-1)
    for theme in range(gold.shape[1]):
        usable = is_gold & ~np.isnan(log_odds[:, theme]).any(axis=1)
        weights, offset = platt(log_odds[usable, theme], gold[usable, theme])
        scales[:, theme] *= len(scales) * weights[:, None]
        scales[:, theme, 1] += offset
    return scales
