"""Threads that read ahead, without reading everything at once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def num_threads() -> int:
    """Threads for reading: twice the cores, as some wait for the disk, but 16 at most."""
    return min(2 * (os.cpu_count() or 1), 16)


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Computes in threads and yields in order, with a few results in memory at a time.

    Args:
        function: called with each item.
        items: read as far ahead as there are threads.

    Yields:
        The results, in the order of the items. The first error is raised, and what has not begun
        by then never does.
    """
    workers = num_threads()
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
