"""`numeri` on a machine whose clock is wrong: python -m tests.faults.wrong_clock MOMENT WORDS…"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import time_machine

from numeri_cli.cli.app import main

if __name__ == "__main__":
    moment, *words = sys.argv[1:]
    with time_machine.travel(datetime.fromisoformat(moment).astimezone(UTC), tick=True):
        sys.exit(main(words))
