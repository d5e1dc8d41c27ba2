"""Dask, imported when a cluster is asked for, and kept from talking on its own."""

from __future__ import annotations

import logging
from typing import Any

from numeri_cli.errors import LibraryMissing

_TALKATIVE = ("distributed", "distributed.client", "tornado", "tornado.application", "bokeh")


def distributed() -> Any:
    """The module `distributed`. Raises LibraryMissing where the extra is not installed."""
    try:
        import dask
        import distributed as module
    except ImportError as error:
        raise LibraryMissing(
            "training on a cluster needs Dask, which is not installed",
            hint="the extra brings it: `pip install 'numeri[cluster]'`",
        ) from error
    dask.config.set({"distributed.comm.timeouts.connect": "20s"})
    for name in _TALKATIVE:  # what goes wrong is told as an error of ours
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return module
