"""Work that goes on in other threads: ahead of what is asked for, or behind what is handed over."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` makes of it, in order; no more are taken at once than there are cores, and one.

    A failure is raised in the place of its item.
    """
    cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores) as pool:
        begun: deque[tuple[Item, Future[Result]]] = deque()
        try:
            for item in items:
                begun.append((item, pool.submit(work, item)))
                if len(begun) > cores:
                    done, result = begun.popleft()
                    yield done, result.result()
            while begun:
                done, result = begun.popleft()
                yield done, result.result()
        finally:
            for _, waiting in begun:
                waiting.cancel()


@contextmanager
def behind() -> Iterator[Callable[..., None]]:
    """Yield a function that has another called with its arguments in a thread, one after the other.

    It waits for the call before; what that raised is raised by the next call, or at the block's end, unless the block
    raises itself.
    """
    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[Any]] = []

        def hand_over(work: Callable[..., object], *arguments: object) -> None:
            while begun:
                begun.pop().result()
            begun.append(pool.submit(work, *arguments))

        yield hand_over
        for last in begun:
            last.result()
