import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ahead import ahead, behind


@given(st.lists(st.integers(), max_size=30))
def test_every_item_comes_once_in_order_with_its_result(items: list[int]) -> None:
    assert list(ahead(lambda item: item + 1, items)) == [(item, item + 1) for item in items]


def test_few_items_are_taken_before_their_results_are_asked_for() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1_000):
            taken.append(item)
            yield item

    results = ahead(lambda item: item, items())
    next(results)
    assert len(taken) <= len(os.sched_getaffinity(0)) + 1
    results.close()  # type: ignore[attr-defined]


def test_a_failure_is_raised_in_the_place_of_its_item_and_no_thread_is_left() -> None:
    before = threading.active_count()
    results = ahead(lambda item: 1 // item, [2, 1, 0, 1])
    assert [next(results), next(results)] == [(2, 0), (1, 1)]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert threading.active_count() == before


@given(st.lists(st.integers(), max_size=30))
def test_what_is_handed_over_is_done_in_order_by_the_end(items: list[int]) -> None:
    done: list[int] = []
    with behind() as hand_over:
        for item in items:
            hand_over(done.append, item)
    assert done == items


def test_no_more_than_one_call_waits_behind() -> None:
    may_end, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait()

    with behind() as hand_over:
        hand_over(work)
        begun.wait()
        second = threading.Thread(target=hand_over, args=(int,))
        second.start()
        second.join(0.05)
        assert second.is_alive()
        may_end.set()
        second.join()


def test_a_failure_behind_is_raised_by_the_next_call_or_at_the_end_and_no_thread_is_left() -> None:
    before = threading.active_count()
    with behind() as hand_over:
        hand_over(divmod, 1, 0)
        with pytest.raises(ZeroDivisionError):
            hand_over(divmod, 1, 1)
    with pytest.raises(ZeroDivisionError), behind() as hand_over:
        hand_over(divmod, 1, 0)
    assert threading.active_count() == before
