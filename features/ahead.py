"""Work that goes on in other threads while the next item is read and the last result is written."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
