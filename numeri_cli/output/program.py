"""How this program is called here: commands that are suggested work as they are pasted."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

_NAME = "numeri"


def called() -> str:
    """What to type for `numeri`: the path that was typed, where the name alone is another or none.

    So it is in a virtual environment that is not activated.
    """
    typed = Path(sys.argv[0])
    if typed.name != _NAME or len(typed.parts) < 2:
        return _NAME
    found = shutil.which(_NAME)
    if found is not None and Path(found).resolve() == typed.resolve():
        return _NAME
    return shlex.quote(sys.argv[0])


def as_called(text: str) -> str:
    """The text with each command in backquotes, such as `numeri train`, as it is called here."""
    return text.replace(f"`{_NAME} ", f"`{called()} ")


def command_as_called(command: str) -> str:
    """A command such as "numeri train" as it is called here."""
    rest = command.removeprefix(f"{_NAME} ")
    return command if rest == command else f"{called()} {rest}"
