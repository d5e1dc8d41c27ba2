"""Somebody's class at work: whatever it raises costs one model, and names the line of their code.

Ctrl-C, SIGTERM and a deadline are no failures of a class: they pass, and end the command.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Literal

from numeri_cli.errors import (
    EstimatorInvalid,
    MemoryShort,
    NumeriError,
    TerminationAsked,
    TimeIsUp,
)
from numeri_cli.log import Mask

Action = Literal["import", "construct", "fit", "predict", "save", "load"]

_CURES: dict[Action, str] = {
    "import": "mend the module",
    "save": "mend the class: what pickle cannot write, its __getstate__ leaves out",
    "load": "mend the class, or train the model again if it was renamed or changed since",
}
_CURE = "mend the estimator's class or its params in the profile"
_LONGEST_WORDS = 300
_OURS = Path(__file__).parents[2]


@contextmanager
def user_code(name: str, action: Action, *, folder: Path | None = None) -> Iterator[None]:
    """Whatever somebody's code raises inside is told as an error of one model.

    name: the estimator's, for what is said
    folder: of the profile; modules in it are found while the block runs
    Raises EstimatorInvalid, MemoryShort. KeyboardInterrupt, SIGTERM and TimeIsUp pass.
    """
    try:
        with importable(folder):
            yield
    except (KeyboardInterrupt, TerminationAsked, TimeIsUp):
        raise
    except BaseException as error:
        raise told(error, name, action, folder=folder) from error


def told(
    error: BaseException, name: str, action: Action, *, folder: Path | None = None
) -> NumeriError:
    """An exception of somebody's code as an error of ours.

    Its sentence holds the last line of the traceback, and file and line in their code.
    """
    fact = f"the module of {name!r} cannot be imported" if action == "import" else f"{name} fails"
    place = ", ".join([action, *_place(error, folder)])
    if isinstance(error, MemoryError):
        return MemoryShort(
            f"{fact}: this machine's memory does not suffice ({place})",
            hint="take fewer features or a larger era_stride in the profile",
        )
    return EstimatorInvalid(
        f"{fact}: {_last_line(error)} ({place})", hint=_CURES.get(action, _CURE)
    )


def _last_line(error: BaseException) -> str:
    """Type and first line of words, as a traceback ends; their own `__str__` may fail, too."""
    try:
        words = error.msg if isinstance(error, SyntaxError) else str(error)
        lines = [line.strip() for line in str(words).splitlines() if line.strip()]
    except (KeyboardInterrupt, TerminationAsked, TimeIsUp):
        raise
    except BaseException:
        lines = ["its words cannot be shown"]
    first = "".join(c if c.isprintable() else " " for c in lines[0]) if lines else ""
    first = Mask.of_environment(os.environ).text(first)  # a key may stand in what they say
    kind = type(error).__name__
    return f"{kind}: {first[:_LONGEST_WORDS].rstrip('.')}" if first else kind


def _place(error: BaseException, folder: Path | None) -> tuple[str, ...]:
    """File and line where their code failed; empty where none of it was running."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Path(error.filename).name, f"line {error.lineno}"
    frames = [
        (Path(frame.f_code.co_filename), line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    theirs = [(path, line) for path, line in frames if _is_a_file(path)]
    beside = [(path, line) for path, line in theirs if folder and path.is_relative_to(folder)]
    own = [(path, line) for path, line in theirs if not is_installed(path)]
    found = beside or own or theirs
    if not found:
        return ()
    path, line = found[-1]
    return path.name, f"line {line}"


def _is_a_file(path: Path) -> bool:
    return not str(path).startswith("<") and not path.is_relative_to(_OURS)


def is_installed(path: Path) -> bool:
    """Whether a file belongs to Python or to an installed package."""
    return any(path.is_relative_to(place) for place in _installed_places())


@cache
def _installed_places() -> tuple[str, ...]:
    return tuple({*sysconfig.get_paths().values(), *site.getsitepackages()})


@contextmanager
def importable(folder: Path | None) -> Iterator[None]:
    """Find modules in this folder too while the block runs, after Python's and installed ones."""
    if folder is None:
        yield
        return
    sys.path.append(str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):  # the module may have taken it out itself
            sys.path.remove(str(folder))
