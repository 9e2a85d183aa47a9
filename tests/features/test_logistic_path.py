import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array
from sklearn.linear_model import LogisticRegression

from features.gram import Gram
from features.logistic_path import Problem, Solution, balanced, minimise, path
from features.metrics import Bools
from features.resampling import Floats

PENALTIES = [0.1, 1.0, 10.0, 100.0]
EXACT = 1e-9


def drawn(seed: int, rows: int, features: int, themes: int) -> tuple[csr_array, Bools]:
    """Sparse features, many of which one row alone has, and themes that each have some of the rows."""
    generator = np.random.default_rng(seed)
    matrix = csr_array(random_array((rows, features), density=0.15, rng=generator))
    gold = generator.random((rows, themes)) < 0.3
    gold[0], gold[1] = True, False
    return matrix, gold


def by_scikit_learn(matrix: csr_array, gold: Bools, c: float, class_weight: str | None) -> tuple[Floats, Floats]:
    """Weights (features, themes) and offsets (themes,)."""
    fits = [
        LogisticRegression(C=c, class_weight=class_weight, tol=1e-10, max_iter=100_000).fit(matrix, theme)
        for theme in gold.T
    ]
    return np.array([one.coef_[0] for one in fits]).T, np.array([one.intercept_[0] for one in fits])


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1_000_000),
    rows=st.integers(5, 60),
    features=st.integers(1, 120),
    themes=st.integers(1, 4),
    is_balanced=st.booleans(),
)
def test_the_coefficients_are_those_of_scikit_learn(
    seed: int, rows: int, features: int, themes: int, is_balanced: bool
) -> None:
    matrix, gold = drawn(seed, rows, features, themes)
    weights = balanced(gold) if is_balanced else np.ones(gold.shape)
    for c, solution in zip(PENALTIES, path(Gram(matrix), gold, weights, PENALTIES, EXACT), strict=True):
        expected, offsets = by_scikit_learn(matrix, gold, c, "balanced" if is_balanced else None)
        np.testing.assert_allclose(matrix.T @ solution.rows, expected, atol=1e-4)
        np.testing.assert_allclose(solution.offsets, offsets, atol=1e-4)


@given(seed=st.integers(0, 1_000_000), rows=st.integers(1, 20), features=st.integers(1, 40), columns=st.integers(1, 4))
def test_products_are_those_of_the_matrix_of_inner_products(seed: int, rows: int, features: int, columns: int) -> None:
    generator = np.random.default_rng(seed)
    matrix = csr_array(random_array((rows, features), density=0.2, rng=generator))
    dense, of_columns = matrix.toarray(), generator.normal(size=(rows, columns))
    gram = Gram(matrix)
    np.testing.assert_allclose(gram @ of_columns, dense @ dense.T @ of_columns, atol=1e-12)
    np.testing.assert_allclose(gram.sums(of_columns), dense.T @ of_columns, atol=1e-12)


def test_where_a_path_began_does_not_change_where_it_ends() -> None:
    matrix, gold = drawn(0, 80, 200, 3)
    gram, ones = Gram(matrix), np.ones(gold.shape)
    (*_, one) = path(gram, gold, ones, [1e-6, 3.0, 5e4, 1e5], EXACT)
    (other,) = path(gram, gold, ones, [1e5], EXACT)
    np.testing.assert_allclose(one.margins, other.margins, rtol=1e-3, atol=1e-3)


def test_the_margins_a_solution_tells_are_those_of_its_weights() -> None:
    matrix, gold = drawn(1, 60, 90, 2)
    for solution in path(Gram(matrix), gold, balanced(gold), PENALTIES):
        np.testing.assert_allclose(solution.margins, matrix @ (matrix.T @ solution.rows) + solution.offsets, atol=1e-9)


@given(seed=st.integers(0, 1_000_000), size=st.floats(-8, 8))
@settings(max_examples=25, deadline=None)
def test_from_any_start_the_objective_falls_to_the_same_minimum(seed: int, size: float) -> None:
    matrix, gold = drawn(seed, 30, 40, 2)
    gram, problem = Gram(matrix), Problem(gold, 10.0 * np.ones(gold.shape))
    rows = size * np.random.default_rng(seed).normal(size=gold.shape)
    begun = Solution(rows, gram @ rows, np.full(2, size))
    found = minimise(gram, problem, begun, EXACT)
    (expected,) = path(gram, gold, np.ones(gold.shape), [10.0], EXACT)
    assert (problem.objective(found) <= problem.objective(begun)).all()
    np.testing.assert_allclose(problem.objective(found), problem.objective(expected), rtol=1e-9)


@pytest.mark.parametrize("themes", [1, 3])
def test_rows_without_any_feature_are_answered_by_the_share_of_the_theme(themes: int) -> None:
    _, gold = drawn(2, 50, 1, themes)
    (found,) = path(Gram(csr_array((50, 4))), gold, np.ones(gold.shape), [1.0], EXACT)
    np.testing.assert_allclose(1 / (1 + np.exp(-found.margins)), np.tile(gold.mean(axis=0), (50, 1)), atol=1e-8)
