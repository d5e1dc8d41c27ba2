"""What is written and told in place of a command that hangs beyond its deadline."""

from __future__ import annotations

import json
import sys
import time

from numeri_cli.commands.context import Context
from numeri_cli.deadline.deadline import LastWords
from numeri_cli.errors import NumeriError
from numeri_cli.inert_text import visible
from numeri_cli.output.json import json_text

TELLER = "numeri_cli.commands.overdue"


class LastWordsOf:
    """Makes the last words of one command.

    as_json: it was to print one object
    is_told: somebody may want to hear how it ended
    """

    def __init__(self, context: Context, *, as_json: bool, is_told: bool) -> None:
        self._context, self._as_json, self._is_told = context, as_json, is_told

    def __call__(self, overdue: NumeriError) -> LastWords:
        """The words of a command that ends with this error."""
        context = self._context
        facts = {
            "command": context.log.command,
            "run": context.log.run,
            "began": time.monotonic() - context.log.seconds,
            "profile": str(context.asked_profile) if context.asked_profile else None,
            "tournament": context.asked_tournament,
            "code": overdue.code,
            "message": overdue.message,
            "hint": overdue.hint,
            "is_told": self._is_told,
        }
        said = f"error: {visible(overdue.message)}\nhint:  {visible(overdue.hint)}\n"
        text = ""
        if self._as_json:
            words = json_text(context.log.command, {}, overdue, overdue.exit_code, in_ascii=True)
            text = f"{words}\n"
        return LastWords(
            stdout=text,
            stderr="" if self._as_json else said,
            tell=(sys.executable, "-P", "-m", TELLER),
            facts=json.dumps(facts),
        )
