import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from features.metrics import Bools
from features.naive_bayes_weights import NaiveBayesWeighted, _log_count_ratio
from features.resampling import Floats


def drawn(seed: int, rows: int = 60, features: int = 12) -> tuple[csr_array, Bools]:
    generator = np.random.default_rng(seed)
    gold = np.arange(rows) % 3 == 0
    values = generator.random((rows, features)) * (generator.random((rows, features)) < 0.3 + 0.4 * gold[:, None])
    values[:, 0] = gold
    return csr_array(values), gold


def sizes(matrix: csr_array, gold: Bools) -> Floats:
    """What the features are multiplied by: coefficients as given over those of the classifier within."""
    ratio = np.abs(_log_count_ratio(matrix[gold], matrix[~gold]))
    found: Floats = ratio / ratio.mean()
    return found


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_coefficients_are_those_of_the_features_as_given(seed: int) -> None:
    matrix, gold = drawn(seed)
    inner = LogisticRegression(C=2.0, max_iter=1000)
    found = NaiveBayesWeighted(inner).fit(matrix, gold.astype(int))
    weighed = csr_array(matrix.multiply(sizes(matrix, gold)))
    expected = clone(inner).fit(weighed, gold.astype(int)).decision_function(weighed)
    np.testing.assert_allclose(found.decision_function(matrix), expected, atol=1e-9)
    np.testing.assert_allclose(matrix @ found.coef_[0] + found.intercept_[0], expected, atol=1e-9)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_mean_size_is_one_and_only_presence_counts(seed: int) -> None:
    matrix, gold = drawn(seed)
    assert sizes(matrix, gold).mean() == pytest.approx(1)
    np.testing.assert_array_equal(sizes(matrix, gold), sizes(7 * matrix, gold))


def test_a_feature_that_falls_evenly_hardly_counts_and_a_telling_one_does() -> None:
    # Two telling features of opposite classes keep the totals of both classes alike.
    gold = np.arange(400) % 2 == 0
    evenly = np.arange(400) // 2 % 2
    matrix = csr_array(np.column_stack([gold, ~gold, evenly]).astype(np.float64))
    telling, opposite, even = sizes(matrix, gold)
    assert even == pytest.approx(0, abs=1e-9)
    assert telling == pytest.approx(opposite) == pytest.approx(1.5)
    found = NaiveBayesWeighted(LogisticRegression()).fit(matrix, gold.astype(int))
    assert found.coef_[0, 2] == pytest.approx(0, abs=1e-9)


def test_the_classifier_that_it_was_given_stays_unfitted() -> None:
    inner = LogisticRegression()
    NaiveBayesWeighted(inner).fit(*drawn(0))
    assert not hasattr(inner, "coef_")
