import threading

import pytest

from features.threads import in_threads


def test_results_come_in_the_order_of_the_items_however_long_each_takes() -> None:
    first_may_end = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            first_may_end.set()
        elif item == 0 and threading.active_count() > 2:
            first_may_end.wait(5)
        return item * item

    assert list(in_threads(work, range(5))) == [0, 1, 4, 9, 16]


def test_a_failure_is_raised_where_its_result_would_have_been() -> None:
    results = in_threads(lambda item: 1 // item, [2, 1, 0])
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
