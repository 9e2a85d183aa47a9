"""L2-regularised logistic regression with an intercept, for several themes and penalties on the same rows.

It minimises what scikit-learn's LogisticRegression does, |w|²/2 + Σ c_i log(1 + exp(-y_i (x_i·w + offset))), by
Newton's method with steps from conjugate gradients, no more exact than they are worth (Dembo, Eisenstat and Steihaug
1982; for this very problem Lin, Weng and Keerthi 2008). Every point on the way is a sum of rows, w = Xᵀa, so that the
unknowns are one number for each row and not for each feature (Kimeldorf and Wahba 1971), and nothing is asked of X but
products with X Xᵀ. The offset is kept at its best throughout.

From a small `c` to a large one each solution starts where the two before it point to (Park and Hastie 2007). All themes
take each step together, for a product of a sparse matrix with five columns costs much less than five with one.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from features.gram import Gram
from features.metrics import Bools
from features.resampling import Floats

# How long the gradient of the mean loss may be. scikit-learn stops when the largest component of it is 1e-4: on the
# shipped corpus up to one label in a hundred is then still another than at the minimum, here one in some thousands.
TOLERANCE = 3e-6
_FORCING = 0.1  # how much of the gradient a step may leave
_MOST_STEPS = 100
_MOST_PRODUCTS = 200
_MOST_HALVINGS = 30
_SUFFICIENT = 1e-4
_EXACT = 1e-10


@dataclass(frozen=True, slots=True)
class Solution:
    """Weights as sums of rows: `rows` (n, themes), what they give each row (n, themes), and `offsets` (themes,)."""

    rows: Floats
    products: Floats
    offsets: Floats

    @property
    def margins(self) -> Floats:
        """Of the rows learned from, shape (n, themes)."""
        return self.products + self.offsets

    def moved(self, step: "Solution", share: Floats | float = 1.0) -> "Solution":
        """This one after `share` (themes,) of a step."""
        return Solution(
            self.rows + share * step.rows, self.products + share * step.products, self.offsets + share * step.offsets
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Which rows have each theme (n, themes), and what the loss of each row weighs there (n, themes)."""

    gold: Bools
    weights: Floats

    def objective(self, at: Solution) -> Floats:
        """What is minimised, for each theme (themes,)."""
        losses = np.logaddexp(0.0, np.where(self.gold, -at.margins, at.margins))
        result: Floats = (at.rows * at.products).sum(axis=0) / 2 + (self.weights * losses).sum(axis=0)
        return result


def balanced(gold: Bools) -> Floats:
    """Weights (n, themes) that make the rows with a theme count as much as those without, as scikit-learn has them."""
    positives = gold.sum(axis=0)
    result: Floats = len(gold) / (2.0 * np.where(gold, positives, len(gold) - positives))
    return result


def path(
    gram: Gram, gold: Bools, weights: Floats, penalties: Sequence[float], tolerance: float = TOLERANCE
) -> Iterator[Solution]:
    """A solution for each inverse penalty, the `penalties` ascending, no two alike; every theme needs both values."""
    found: list[tuple[float, Solution]] = []
    for c in penalties:
        problem, at = Problem(gold, c * weights), math.log(c)
        start = _start(problem, at, found)
        # Nothing that is not needed is held on to meanwhile: each array here has a number for each row and theme.
        del found[:-1]
        found.append((at, minimise(gram, problem, start, tolerance)))
        yield found[-1][1]


def minimise(gram: Gram, problem: Problem, start: Solution, tolerance: float = TOLERANCE) -> Solution:
    """The solution where the gradient of each theme is at most `tolerance` long, per unit of weight.

    Or the best that is found in a hundred steps, many times as many as are needed.
    """
    found = start
    for _ in range(_MOST_STEPS):
        found = Solution(found.rows, found.products, _best_offsets(problem, found))
        pull, curvature = _slopes(problem, found)
        pulled = gram @ pull
        length = np.sqrt(np.maximum((pull * pulled).sum(axis=0), 0.0))
        if (length <= tolerance * problem.weights.sum(axis=0)).all():
            break
        found = _after_step(problem, found, pull, _newton_step(gram, pull, pulled, curvature))
    return found


def _slopes(problem: Problem, at: Solution) -> tuple[Floats, Floats]:
    """The negative gradient, by rows, and how much the loss of each row curves, both (n, themes)."""
    chances = expit(at.margins)
    return problem.weights * (problem.gold - chances) - at.rows, problem.weights * chances * (1.0 - chances)


def _after_step(problem: Problem, at: Solution, pull: Floats, step: Solution) -> Solution:
    return at.moved(step, _share(problem, at, step, (pull * step.products).sum(axis=0)))


def _start(problem: Problem, at: float, found: Sequence[tuple[float, Solution]]) -> Solution:
    """The last solution found, or the point ahead on the line through the last two: for each theme the better one."""
    if not found:
        nothing = np.zeros(problem.gold.shape)
        return Solution(nothing, nothing, np.zeros(problem.gold.shape[1]))
    (first, before), (second, last) = found[0], found[-1]
    if len(found) < 2:
        return last
    step = last.moved(before, -1.0)
    share = (at - second) / (second - first)
    is_better = problem.objective(last.moved(step, share)) < problem.objective(last)
    return last.moved(step, share * is_better.astype(np.float64))


def _best_offsets(problem: Problem, at: Solution) -> Floats:
    """The offsets (themes,) at which the weights alone are left to improve, by Newton's method with bounded steps."""
    offsets = at.offsets
    for _ in range(_MOST_STEPS):
        chances = expit(at.products + offsets)
        slope = (problem.weights * (problem.gold - chances)).sum(axis=0)
        step = np.clip(_ratio(slope, (problem.weights * chances * (1.0 - chances)).sum(axis=0)), -1.0, 1.0)
        offsets = offsets + step
        if (np.abs(step) <= _EXACT).all():
            break
    return offsets


def _newton_step(gram: Gram, pull: Floats, pulled: Floats, curvature: Floats) -> Solution:
    """The step along which the quadratic model of the objective falls to its minimum, or near enough.

    All shapes (n, themes): `pull` is the negative gradient, by rows, `pulled` its products.
    """
    share = curvature / np.maximum(curvature.sum(axis=0), np.finfo(np.float64).tiny)
    rows, products = np.zeros_like(pull), np.zeros_like(pull)
    residual, of_residual = direction, of_direction = pull, pulled
    length = (residual * of_residual).sum(axis=0)
    enough = _FORCING**2 * length
    for _ in range(_MOST_PRODUCTS):
        image = direction + curvature * (of_direction - (share * of_direction).sum(axis=0))
        far = _ratio(length, (of_direction * image).sum(axis=0))
        rows, products = rows + far * direction, products + far * of_direction
        residual = residual - far * image
        of_residual = gram @ residual
        before, length = length, (residual * of_residual).sum(axis=0)
        if (length <= enough).all():
            break
        turn = _ratio(length, before)
        direction, of_direction = residual + turn * direction, of_residual + turn * of_direction
    return Solution(rows, products, -(share * products).sum(axis=0))


def _share(problem: Problem, at: Solution, step: Solution, slope: Floats) -> Floats:
    """How much of the step to take (themes,): all, halved until the descent is sufficient (Armijo 1966)."""
    share = np.ones_like(slope)
    before = problem.objective(at)
    rounding = np.finfo(np.float64).eps * len(at.rows) * before
    for _ in range(_MOST_HALVINGS):
        falls_short = problem.objective(at.moved(step, share)) > before - _SUFFICIENT * share * slope + rounding
        if not falls_short.any():
            break
        share[falls_short] /= 2
    return share


def _ratio(above: Floats, below: Floats) -> Floats:
    """Their ratio; 0 where there is nothing left to divide."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
