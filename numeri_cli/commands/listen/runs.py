"""The runs that calls start: one process after another, each told the call's trigger id."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from typing import NoReturn

from numeri_cli.api.started_by import TRIGGER_ID
from numeri_cli.commands.listen.run_queue import RunQueue, WebhookCall
from numeri_cli.progress import Listener

_ATTEMPTS, _AGAIN_SECONDS = 5, 5.0  # where the system has no process to give


def run_calls(
    queue: RunQueue, words: Sequence[str], *, output: int, listener: Listener
) -> NoReturn:
    """Start the command for each call that comes, one at a time, until an exception ends it.

    output: the descriptor that the command's standard output goes to
    """
    while True:
        _run_once(words, queue.take(), output=output, listener=listener)
        queue.finish()


def _run_once(words: Sequence[str], call: WebhookCall, *, output: int, listener: Listener) -> None:
    """Start the command and wait for its end.

    It stands in a session of its own: Ctrl-C here is not meant for a submission under way.
    """
    started = _started(words, call, output=output, listener=listener)
    if started is None:
        return
    try:
        code = started.wait()
    except BaseException:
        if started.poll() is None:
            listener.say(f"the run under way ends by itself: process {started.pid}")
        raise
    listener.say(f"the run ended with exit code {code}")


def _started(
    words: Sequence[str], call: WebhookCall, *, output: int, listener: Listener
) -> subprocess.Popen[bytes] | None:
    """The process; None where the system does not start one, which is said."""
    environment = {name: value for name, value in os.environ.items() if name != TRIGGER_ID}
    if call.trigger_id is not None:
        environment[TRIGGER_ID] = call.trigger_id
    trouble = ""
    for attempt in range(_ATTEMPTS):
        try:
            return subprocess.Popen(  # noqa: S603 - our own program, words of our own
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            trouble = str(error)
            if attempt + 1 < _ATTEMPTS:
                time.sleep(_AGAIN_SECONDS)
    listener.say(f"no run could be started: {trouble}")
    return None
