"""How it is told that a command had to be ended from outside: the watchdog becomes this program.

It reads facts as one JSON object on standard input, writes the end of the run into the log, and
tells whom the profile names. Nothing of the command that was ended is left to do so.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from numeri_cli.commands.context import Context
from numeri_cli.commands.notify import tell_retraining, tell_run
from numeri_cli.errors import NumeriError, RetrainingOverdue, RunOverdue, Terminated
from numeri_cli.home import Home
from numeri_cli.log import Log, Mask

KINDS = {kind.code: kind for kind in (RunOverdue, RetrainingOverdue, Terminated)}


def tell_overdue(facts: dict[str, Any]) -> None:
    """Write into the log and tell that a run or retraining hung beyond its deadline, or SIGTERM.

    facts: command, run, began (by the monotonic clock), profile, tournament; code, message and
    hint of the error; is_told: whether somebody may want to hear of it
    """
    home = Home.find()
    log = Log(
        home.log,
        command=facts["command"],
        mask=Mask.of_environment(os.environ),
        trouble=lambda words: None,
        run=facts["run"],
        seconds=time.monotonic() - facts["began"],
    )
    error: NumeriError = KINDS[facts["code"]](facts["message"], hint=facts["hint"])
    log.write("deadline", "it did not end by itself and was ended from outside", level="error")
    context = Context(
        home=home,
        asked_tournament=facts["tournament"],
        asked_profile=Path(facts["profile"]) if facts["profile"] else None,
        log=log,
    )
    code = int(error.exit_code)
    if facts["is_told"] and facts["command"] == "retrain":
        tell_retraining(context, exit_code=code, error=error, result=None)
    elif facts["is_told"]:
        tell_run(context, exit_code=code, error=error, result=None)
    log.end(code, f"{error.code}: {error.message}")


if __name__ == "__main__":
    tell_overdue(json.load(sys.stdin))
