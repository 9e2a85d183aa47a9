import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.resampling import document_draws, interval, nested_shares, sums_by_document


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


@given(st.integers(2, 40), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4).map(sorted), st.integers(1, 4))
def test_within_a_draw_a_larger_share_holds_the_smaller_ones(size: int, shares: list[float], draws: int) -> None:
    names = [f"d{number}" for number in range(size)]
    by_share = nested_shares([*names, *names], [*shares, 1.0], draws, seed=3)
    assert by_share[-1] == [frozenset(names)]
    for share, drawn, larger in zip(shares, by_share, by_share[1:], strict=False):
        assert {len(documents) for documents in drawn} == {min(size, max(2, round(share * size)))}
        assert len(drawn) in (1, draws)
        assert all(any(documents <= other for other in larger) for documents in drawn)
