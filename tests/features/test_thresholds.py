import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from features.thresholds import best_threshold, platt, sigmoid


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=2, max_size=40))
def test_without_shrinkage_no_other_threshold_has_a_higher_f1(rows: list[tuple[float, bool]]) -> None:
    probabilities, gold = (np.array(column) for column in zip(*rows, strict=True))
    if not gold.any():
        return
    threshold = best_threshold(probabilities, gold, shrinkage=0)
    best = max(f1_score(gold, probabilities >= cut) for cut in probabilities)
    assert f1_score(gold, probabilities >= threshold) == pytest.approx(best)


def test_few_positives_keep_the_threshold_near_one_half() -> None:
    probabilities = np.array([0.9, 0.1, 0.05, 0.02])
    gold = np.array([True, False, False, False])
    assert abs(best_threshold(probabilities, gold, shrinkage=1000) - 0.5) < 0.01
    rare = np.array([0.2, 0.1, 0.05, 0.02])
    assert best_threshold(rare, gold, shrinkage=0) == pytest.approx(0.15)


def test_platt_recovers_the_sigmoid_that_made_the_labels() -> None:
    generator = np.random.default_rng(5)
    margins = generator.normal(size=20_000)
    gold = generator.random(20_000) < sigmoid(2 * margins - 1)
    (slope,), offset = platt(margins[:, None], gold)
    assert slope == pytest.approx(2, abs=0.1)
    assert offset == pytest.approx(-1, abs=0.1)


def test_each_of_several_margins_gets_the_slope_it_is_worth_and_none_a_negative_one() -> None:
    generator = np.random.default_rng(5)
    margins = generator.normal(size=(20_000, 3))
    gold = generator.random(20_000) < sigmoid(margins @ [2.0, 0.5, -1.0] - 1)
    slopes, offset = platt(margins, gold)
    np.testing.assert_allclose(slopes[:2] / slopes[0], [1, 0.25], atol=0.05)
    assert 0 <= slopes[2] < 1e-5
    assert offset < 0


def test_a_margin_that_knows_nothing_gives_the_prevalence() -> None:
    gold = np.arange(1000) < 100
    (slope,), offset = platt(np.zeros((1000, 1)), gold)
    assert sigmoid(np.array(offset)) == pytest.approx(0.1, abs=0.005)
    assert slope >= 0


def test_sigmoid_does_not_overflow() -> None:
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
