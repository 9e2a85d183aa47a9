import numpy as np
import pytest

from features.experiments import Experiment, FineTuned, LinearSVM, NGrams, Part
from features.folds import CrossFit
from features.metrics import Bools
from features.mixing import mixed, mixed_out_of_fold, platt_by_theme
from features.resampling import Floats
from features.text import Passage
from features.thresholds import calibrate, sigmoid

# One part that knows the truth and one that is noise, both given: nothing is fitted but scales and weights.
KNOWS, GUESSES = Part(LinearSVM(), [NGrams("words", (1, 1))]), Part(FineTuned())


def rows(seed: int) -> tuple[CrossFit, Floats]:
    """2,000 sentences in 4 folds with two themes, and the log-odds that made their labels."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=(2000, 2)) * 2
    gold: Bools = generator.random((2000, 2)) < sigmoid(truth)
    none = np.empty((0, 2), dtype=np.int64)
    noise = generator.normal(size=(2000, 2)) * 5
    return CrossFit([Passage("")] * 2000, gold, np.arange(2000) % 4, none, [], noise), truth


def knows(rows: CrossFit, truth: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is fitted on `rows` answers with a tenth of the truth."""
    answers = {fold: truth[rows.fold_of == fold] * 0.1 for fold in rows.folds}
    monkeypatch.setattr(rows, "_left_out", lambda _part, without: {fold: answers[fold] for fold in without})


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> tuple[CrossFit, Floats]:
    found, truth = rows(3)
    knows(found, truth, monkeypatch)
    return found, truth


def likelihood(margins: Floats, gold: Bools) -> float:
    calibrated = calibrate(margins, platt_by_theme(margins, gold, np.ones(len(gold), dtype=bool)))
    return float(np.log(np.where(gold, calibrated, 1 - calibrated)).mean())


def test_parts_are_averaged_on_the_scale_of_their_own_log_odds() -> None:
    margins_of_parts = [np.array([[2.0, -1.0]]), np.array([[10.0, 30.0]])]
    scales = np.array([[[1.0, 0.0], [2.0, 1.0]], [[0.1, 1.0], [0.1, 0.0]]])
    np.testing.assert_allclose(mixed(margins_of_parts, scales), [[(2.0 + 2.0) / 2, (-1.0 + 3.0) / 2]])


def test_stacking_leaves_a_part_that_only_guesses_unheard(known: tuple[CrossFit, Floats]) -> None:
    found, truth = known
    everything = np.ones(2000, dtype=bool)
    stacked = mixed_out_of_fold(Experiment(average=[KNOWS, GUESSES], weights="stacked"), found, everything)
    equal = mixed_out_of_fold(Experiment(average=[KNOWS, GUESSES]), found, everything)
    assert likelihood(stacked.margins, found.gold) > likelihood(equal.margins, found.gold)
    # What is kept of the other is the log-odds that made the labels.
    assert np.abs(mixed([truth * 0.1, found.out_of_fold(GUESSES)], stacked.scales) - truth).mean() < 0.25


@pytest.mark.parametrize("weights", ["equal", "stacked"])
def test_the_labels_of_a_fold_change_nothing_in_its_own_margins(
    weights: str, known: tuple[CrossFit, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, truth = known
    everything, experiment = np.ones(2000, dtype=bool), Experiment(average=[KNOWS, GUESSES], weights=weights)  # type: ignore[arg-type]
    before = mixed_out_of_fold(experiment, found, everything)
    here = found.fold_of == 1
    lies = CrossFit(found.passages, found.gold ^ here[:, None], found.fold_of, found.repeats, [], found.adapted)
    knows(lies, truth, monkeypatch)
    after = mixed_out_of_fold(experiment, lies, everything)
    np.testing.assert_array_equal(after.margins[here], before.margins[here])
    assert not np.array_equal(after.margins[~here], before.margins[~here])
    assert not np.array_equal(after.scales, before.scales)
