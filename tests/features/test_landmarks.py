import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from features.landmarks import LandmarkRidge

GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.normal(size=(120, 5)) / 2
WANTED = np.sign(np.column_stack([ROWS[:, 0] * ROWS[:, 1], ROWS[:, 2]]))


def test_with_every_row_a_landmark_it_is_kernel_ridge_regression() -> None:
    found = LandmarkRidge(len(ROWS), 1.0, 0.1).fit(ROWS, WANTED).predict(ROWS)
    expected = KernelRidge(kernel="rbf", gamma=1.0, alpha=0.1).fit(ROWS, WANTED).predict(ROWS)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_few_landmarks_come_near_to_all_of_them() -> None:
    few, all_of_them = (LandmarkRidge(n, 1.0, 0.1).fit(ROWS, WANTED).predict(ROWS) for n in (60, len(ROWS)))
    assert np.corrcoef(few.ravel(), all_of_them.ravel())[0, 1] > 0.9


def test_rows_that_repeat_one_another_are_one_landmark() -> None:
    model = LandmarkRidge(200, 1.0, 0.1).fit(np.tile(ROWS[:30], (4, 1)), np.tile(WANTED[:30], (4, 1)))
    assert model.landmarks_.shape == (30, 5)
    assert np.isfinite(model.dual_coef_).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_draws_the_same_landmarks(seed: int) -> None:
    drawn = [LandmarkRidge(10, 1.0, 0.1, seed).fit(ROWS, WANTED).landmarks_ for _ in range(2)]
    assert (drawn[0] == drawn[1]).all()
    assert not (drawn[0] == LandmarkRidge(10, 1.0, 0.1, seed + 1).fit(ROWS, WANTED).landmarks_).all()
