import numpy as np
import pytest

from features.comparison import Difference, compare_draws, compare_labels, holm, in_words
from features.metrics import macro_f1

THEMES = ["a", "b"]


def noisy(gold: np.ndarray, share: float, seed: int) -> np.ndarray:
    return np.asarray(gold ^ (np.random.default_rng(seed).random(gold.shape) < share))


def setting(rows: int = 600) -> tuple[np.ndarray, list[str]]:
    gold = np.random.default_rng(1).random((rows, 2)) < 0.3
    return gold, [f"d{n // 15}" for n in range(rows)]


def test_a_clearly_better_experiment_is_found_and_the_difference_is_of_macro_f1() -> None:
    gold, documents = setting()
    good, bad = noisy(gold, 0.02, 2), noisy(gold, 0.3, 3)
    found = compare_labels(gold, good, bad, documents, THEMES, resamples=500, seed=4)
    assert [row.theme for row in found] == ["macro", *THEMES]
    assert found[0].value == pytest.approx(macro_f1(gold, good) - macro_f1(gold, bad), abs=1e-6)
    assert all(row.p < 0.01 and row.low > 0 for row in found)


def test_of_several_fits_the_mean_f1_is_compared_and_repeating_a_fit_makes_nothing_surer() -> None:
    gold, documents = setting()
    good, worse, bad = noisy(gold, 0.05, 2), noisy(gold, 0.1, 3), noisy(gold, 0.2, 4)
    alone = compare_labels(gold, good, bad, documents, THEMES, resamples=300, seed=4)
    assert compare_draws(gold, [good] * 2, [bad] * 2, documents, THEMES, resamples=300, seed=4) == alone
    mean = (macro_f1(gold, good) + macro_f1(gold, worse)) / 2
    found = compare_draws(gold, [good, worse], [bad, bad], documents, THEMES, resamples=300, seed=4)
    assert found[0].value == pytest.approx(mean - macro_f1(gold, bad), abs=1e-6)


def test_an_experiment_compared_with_itself_shows_nothing() -> None:
    gold, documents = setting()
    same = noisy(gold, 0.1, 2)
    found = compare_labels(gold, same, same, documents, THEMES, resamples=200, seed=4)
    assert all(row.value == 0 and row.p == 1 for row in found)


def test_equally_good_experiments_are_called_different_no_more_often_than_chance_allows() -> None:
    gold, documents = setting(300)
    alarms = 0
    for seed in range(60):
        first, second = noisy(gold, 0.15, 2 * seed), noisy(gold, 0.15, 2 * seed + 1)
        found = compare_labels(gold, first, second, documents, THEMES, resamples=200, seed=seed)
        alarms += found[0].p < 0.05
    assert alarms <= 9  # 5 % of 60 is 3; ten or more happen in one of a thousand worlds


def test_holm_corrects_step_by_step() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])


def test_words_say_who_is_better_where_and_that_nothing_else_was_found() -> None:
    rows = [Difference("macro", 0.01, -0.02, 0.04, 0.5), Difference("financing", 0.06, 0.02, 0.1, 0.01)]
    assert in_words("B", "A", rows) == (
        "B is better than A on financing by 0.06 [0.02, 0.10]; no detectable difference elsewhere."
    )
    assert in_words("B", "A", rows[:1]) == "No detectable difference between B and A."
    worse = [Difference("financing", -0.06, -0.1, -0.02, 0.01)]
    assert in_words("B", "A", worse) == "A is better than B on financing by 0.06 [0.02, 0.10]."
