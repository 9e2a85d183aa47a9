"""A label model: how far to trust each labelling function, learned from the votes alone, and labels made with it.

Data programming (Ratner et al. 2016, 2017) with the EM of Dawid and Skene (1979). Whether a theme holds is unseen; a
function that speaks is right with a probability of its own, whatever the others say; whether it speaks says nothing.
So the label is a majority vote in which each function weighs its log-odds of being right.

Both answers are equally likely beforehand, as they are to the majority vote (and to Snorkel by default). A prevalence
cannot be learned here: most functions can say only one thing, and one that is only ever for, alone on its theme,
explains its votes best by a theme that always holds; the share of sentences on which it speaks is far below what it
would take for its lone vote to count.

What the votes do not tell, a prior does. A function that never speaks, or that is alone on its theme, keeps it; a
sentence on which nobody speaks, or on which votes cancel, stays at 0.5 and gets no label, as in the majority vote.
Functions written as exceptions to others are not independent of them, and are trusted too little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.lexicon import LabellingFunction, Votes, belongs
from features.metrics import Bools
from features.resampling import Floats
from features.thresholds import sigmoid

# What is believed of a function beforehand: right in 7 of 10 votes, where Snorkel starts too, as if ten had been seen.
PRIOR_ACCURACY = 0.7
_PRIOR_VOTES = 10.0
_ROUNDS = 10_000
_CLOSE = 1e-8


@dataclass(frozen=True, slots=True)
class LabelModel:
    """The functions' `accuracies` (functions,): how often a vote that one casts is right; `weights` their log-odds.

    `weights` has a row per function and a column per theme, 0 for the themes a function does not vote on.
    """

    accuracies: Floats
    weights: Floats

    def probabilities(self, cast: Votes) -> Floats:
        """Shape (n, themes): that each theme holds, given the votes (n, functions); 0.5 where nobody speaks."""
        return sigmoid(cast @ self.weights)

    def labels(self, cast: Votes) -> Bools:
        """Shape (n, themes): themes that more likely hold than not; rounded, so that a tie is one."""
        result: Bools = self.probabilities(cast).round(6) > 0.5
        return result


def fit(functions: Sequence[LabellingFunction], cast: Votes, themes: Sequence[str]) -> LabelModel:
    """The label model of the votes (n, functions): expectation maximisation, begun at the majority vote."""
    patterns, counts = np.unique(cast, axis=0, return_counts=True)
    own = belongs(functions, themes)
    spoken = counts @ np.abs(patterns)
    model = _with(np.full(len(functions), PRIOR_ACCURACY), own)
    for _ in range(_ROUNDS):
        # Shape (patterns, functions): how likely the vote of each function is right, 0 where it casts none.
        holds = model.probabilities(patterns) @ own.T
        right = np.where(patterns > 0, holds, 1 - holds) * np.abs(patterns)
        accuracies = (counts @ right + _PRIOR_VOTES * PRIOR_ACCURACY) / (spoken + _PRIOR_VOTES)
        moved = np.abs(accuracies - model.accuracies).max(initial=0)
        model = _with(accuracies, own)
        if moved < _CLOSE:
            break
    return model


def _with(accuracies: Floats, own: NDArray[np.int64]) -> LabelModel:
    return LabelModel(accuracies, np.log(accuracies / (1 - accuracies))[:, None] * own)
