"""Libraries that compute in one thread, for as long as a block lasts."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.support.processes import ROOT

ASKED = """
import json, numpy
from threadpoolctl import threadpool_info
from numeri_cli.threads import one_blas_thread

def threads():
    return sorted(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")

with one_blas_thread():
    import scipy.linalg
    inside = threads()
after = threads()
with one_blas_thread():
    again = threads()
print(json.dumps([inside, after, again]))
"""


def test_in_the_block_numpy_and_a_scipy_that_was_not_loaded_yet_compute_in_one_thread() -> None:
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=True
    )
    inside, after, again = json.loads(said.stdout)
    assert set(inside) == set(again) == {1}
    assert len(inside) == len(after)
    assert set(after) == {2}
