import numpy as np

from features.resampling import document_draws, interval, sums_by_document


def test_every_resample_draws_as_many_documents_as_there_are() -> None:
    draws = document_draws(7, 50, seed=3)
    assert draws.shape == (50, 7)
    assert (draws.sum(axis=1) == 7).all()
    assert (draws == document_draws(7, 50, seed=3)).all()


def test_an_interval_leaves_out_undefined_resamples() -> None:
    values = np.array([[0.0, np.nan], [1.0, np.nan], [np.nan, np.nan]])
    low, high = interval(values)
    assert 0 <= low[0] < high[0] <= 1
    assert np.isnan(low[1])


def test_sums_are_taken_within_documents() -> None:
    sums = sums_by_document(np.array([[1.0], [2.0], [4.0]]), np.array([0, 2, 0]), 3)
    assert sums.tolist() == [[5.0], [0.0], [2.0]]
