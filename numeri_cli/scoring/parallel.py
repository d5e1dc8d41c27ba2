"""Eras side by side: as many threads as cores, each with one BLAS thread.

BLAS threads on the small matrices of an era spend most of their time waiting for each other; on a
busy machine they spin, which was measured to cost four times the CPU.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from numeri_cli.threads import one_blas_thread

Item = TypeVar("Item")
Result = TypeVar("Result")

WIDE_ERA = 1_000  # features from which one era keeps all cores busy by itself


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, features: int
) -> Iterator[Result]:
    """function(item) of each item, in order; never more than cores + 1 of them in memory.

    features: of an era; many of them are worked through one era after the other instead
    """
    cores = os.cpu_count() or 1
    if features >= WIDE_ERA or cores == 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    with one_blas_thread(), ThreadPoolExecutor(cores) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
