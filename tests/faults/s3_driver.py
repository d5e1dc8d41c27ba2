"""A download in a process that is to be killed: python -m tests.faults.s3_driver ADDRESS PATH"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from numeri_cli.api.files import download as transfer
from numeri_cli.api.http.connection import Connector
from numeri_cli.api.http.limits import Limits

LIMITS = replace(
    Limits(),
    no_progress_seconds=60.0,
    attempts=3,
    backoff_start_seconds=0.01,
    backoff_max_seconds=0.02,
    connections=4,
    whole_below_bytes=400_000,
    segment_bytes=200_000,
    journal_seconds=0.0,
)

if __name__ == "__main__":
    url, path = sys.argv[1:]
    transfer.download(connector=Connector(LIMITS), get_url=lambda: url, destination=Path(path))
