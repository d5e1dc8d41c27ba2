"""A process of its own that takes trials of a search: its order on standard input, its words out.

`python -P -m numeri_cli.commands.tune.trial_process`; it ends where whoever started it is gone.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from numeri_cli.commands.cluster import machines
from numeri_cli.commands.context import Context
from numeri_cli.commands.tune.at_once import TrialOrder
from numeri_cli.commands.tune.preparation import prepared, work_of
from numeri_cli.errors import NumeriError, TerminationAsked
from numeri_cli.home import Home
from numeri_cli.log import Mask
from numeri_cli.progress import Silent

Send = Callable[[dict[str, Any]], None]


class Relayed(Silent):
    """A listener that passes sentences on; bars would be as many as there are processes."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def say(self, text: str) -> None:
        """Pass a sentence on."""
        self._send({"said": text})


def take_trials(
    order: TrialOrder, context: Context, send: Callable[[dict[str, Any]], None]
) -> None:
    """Take trials of a search until so many are done in the whole of it.

    send: takes a message; what is said of each trial
    Raises what `carry_on` raises.
    """
    until = math.inf if order.hours is None else time.monotonic() + order.hours * 3600
    preparation = prepared(context, order.model, order.settings)
    with machines(context, cluster=order.cluster) as others:
        bench = preparation.bench(context, others, force=order.force)
        search = preparation.search(context, seed=order.seed)
        with search.at_work():
            work = work_of(search, bench, listener=Relayed(send), until=until)
            work.walk_profile()
            work.carry_on(order.trials)


def main() -> int:
    """Take the trials that the order asks for; 0 where they are done."""
    words = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a library or somebody's class prints is none of ours
    signal.signal(signal.SIGTERM, _terminate)
    mask = Mask.of_environment(os.environ)

    def send(message: dict[str, Any]) -> None:
        words.write(json.dumps(mask.plain(message)) + "\n")

    order = TrialOrder.model_validate_json(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    context = Context(
        home=Home.find(), asked_tournament=order.tournament, asked_profile=order.profile
    )
    try:
        take_trials(order, context, send)
    except NumeriError as error:
        send({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        return 1
    except TerminationAsked:
        return 1
    except Exception as error:
        told = f"{type(error).__name__}: {error}"[:500]
        send({"error": {"code": "unexpected", "message": told, "hint": ""}})
        return 1
    return 0


def _terminate(number: int, frame: FrameType | None) -> None:
    raise TerminationAsked


def _end_with_parent() -> None:
    """Whoever has started this process holds its standard input open for as long as it lives."""
    while sys.stdin.readline():
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
