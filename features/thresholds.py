"""From margins to probabilities to labels: Platt's calibration and one threshold per theme."""

import numpy as np

from features.metrics import Bools
from features.resampling import Floats


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    result: Floats = 0.5 * (1.0 + np.tanh(0.5 * values))
    return result


def calibrate(margins: Floats, calibration: Floats) -> Floats:
    """Probabilities (n, themes) from margins and the rows (slope, offset) of `calibration` (themes, 2)."""
    return sigmoid(margins * calibration[:, 0] + calibration[:, 1])


def platt(margins: Floats, gold: Bools) -> tuple[Floats, float]:
    """Slopes (k,) and offset of the sigmoid that turns one theme's out-of-fold margins (n, k) into probabilities.

    Platt (1999) with the smoothed targets of Lin, Lin and Weng (2007). For k > 1 it is stacking (Wolpert 1992). A slope
    is never negative, which keeps parts that resemble each other from cancelling out (Breiman 1996).
    """
    from scipy.optimize import minimize

    k = margins.shape[1]
    positives, negatives = gold.sum(), (~gold).sum()
    targets = np.where(gold, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        scores = margins @ parameters[:k] + parameters[k]
        errors = sigmoid(scores) - targets
        value = (np.logaddexp(0, scores) - targets * scores).sum()
        return float(value), np.append(errors @ margins, errors.sum())

    start = np.append(np.full(k, 1 / k), np.log((positives + 1) / (negatives + 1)))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(1e-6, None)] * k + [(None, None)])
    return found.x[:k], float(found.x[k])


def best_threshold(probabilities: Floats, gold: Bools, *, shrinkage: float) -> float:
    """The threshold with the highest F1, pulled towards 0.5 as if `shrinkage` more positives had asked for 0.5."""
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    hits = np.cumsum(gold[order])
    f1 = 2 * hits / (np.arange(1, len(gold) + 1) + gold.sum())
    last_of_ties = np.append(np.diff(ranked) != 0, True)
    best = int(np.argmax(np.where(last_of_ties, f1, -1.0)))
    # Halfway to the next lower probability, so that no rounding can flip the row that set it.
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    trust = gold.sum() / (gold.sum() + shrinkage)
    return float(trust * (ranked[best] + below) / 2 + (1 - trust) * 0.5)
