from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_info

from numeri_cli.scoring.parallel import WIDE_ERA, in_order


@pytest.mark.parametrize("features", [0, WIDE_ERA])
def test_results_come_in_the_order_of_the_items(features: int) -> None:
    assert list(in_order(lambda n: n * n, range(50), features=features)) == [
        n * n for n in range(50)
    ]


@pytest.mark.parametrize("features", [0, WIDE_ERA])
def test_only_a_few_items_are_taken_ahead(features: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(100):
            taken += 1
            yield item

    for done, _ in enumerate(in_order(lambda n: n, items(), features=features), start=1):
        assert taken - done <= (os.cpu_count() or 1) + 1


def test_an_error_in_one_era_comes_out() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise ValueError("era 3")
        return item

    with pytest.raises(ValueError, match="era 3"):
        list(in_order(work, range(10), features=0))


@pytest.mark.core
def test_small_eras_run_in_threads_with_one_blas_thread_each() -> None:
    if (os.cpu_count() or 1) == 1:
        pytest.skip("one core has nothing to share")

    def work(_: int) -> tuple[int, set[int]]:
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        return threading.get_ident(), {pool["num_threads"] for pool in pools}

    before = threadpool_info()
    seen = list(in_order(work, range(20), features=0))
    assert all(threads == {1} for _, threads in seen)
    assert threading.get_ident() not in {thread for thread, _ in seen}
    assert threadpool_info() == before
