import numpy as np

from features.mixing import mixed


def test_parts_are_averaged_on_the_scale_of_their_own_log_odds() -> None:
    margins_of_parts = [np.array([[2.0, -1.0]]), np.array([[10.0, 30.0]])]
    scales = np.array([[[1.0, 0.0], [2.0, 1.0]], [[0.1, 1.0], [0.1, 0.0]]])
    np.testing.assert_allclose(mixed(margins_of_parts, scales), [[(2.0 + 2.0) / 2, (-1.0 + 3.0) / 2]])
