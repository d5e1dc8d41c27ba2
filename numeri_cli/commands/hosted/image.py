"""Which of Numerai's images runs a model, and which Python of this machine stands for it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from numeri_cli.api.client import Client
from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import RunnerData, RunnerImage
from numeri_cli.commands.hosted.surroundings import python_of_image
from numeri_cli.errors import PythonMissing
from numeri_cli.hosted.interpreters import (
    Interpreter,
    find_interpreter,
    named_interpreter,
    own_interpreter,
)


def image_and_python(
    client: Client, *, asked: str | None, pickled_by: Sequence[str] = ()
) -> tuple[RunnerImage, Interpreter]:
    """The image that is meant, and an interpreter of its Python.

    asked: as `--python` takes it; pickled_by: Pythons that a pickle can be of, none where unknown
    Raises PythonMissing, which names a Python that an image has.
    """
    offered = {}
    for image in calls.images(client):
        minor = python_of_image(image)
        if minor is not None and (minor not in offered or image.default):
            offered[minor] = image
    interpreter = _interpreter(offered, asked=asked, pickled_by=pickled_by)
    if interpreter.minor not in offered:
        raise PythonMissing(
            f"no image of Numerai's has Python {interpreter.minor}: there are {_words(offered)}",
            hint=_cure(offered),
        )
    return offered[interpreter.minor], interpreter


def _interpreter(
    offered: dict[str, RunnerImage], *, asked: str | None, pickled_by: Sequence[str]
) -> Interpreter:
    if asked is not None:
        return named_interpreter(asked, environment=os.environ)
    own = own_interpreter()
    if not pickled_by or own.minor in pickled_by:
        return own
    wanted = [minor for minor in pickled_by if minor in offered]
    if not wanted:
        raise PythonMissing(
            f"it was pickled by another Python, {' or '.join(pickled_by)}, than any image of"
            f" Numerai's has: there are {_words(offered)}",
            hint=_cure(offered),
        )
    found = find_interpreter(wanted[0], environment=os.environ)
    if found is None:
        raise PythonMissing(
            f"it was pickled by another Python, {wanted[0]}, which this machine has not: here runs"
            f" {own.minor}",
            hint=f"`uv python install {wanted[0]}` brings it; --python names one that is elsewhere",
        )
    return found


def offered_version(client: Client, name: str) -> tuple[RunnerData | None, str]:
    """The data version of this name, None where it is not offered; and the names that are."""
    known = calls.data_versions(client)
    found = next(
        (one for one in known if one.name.removeprefix("v") == name.removeprefix("v")), None
    )
    return found, ", ".join(one.name for one in known)


def _words(offered: dict[str, RunnerImage]) -> str:
    return ", ".join(
        f"{minor} (the default)" if image.default else minor
        for minor, image in sorted(offered.items(), key=lambda pair: _number(pair[0]))
    )


def _cure(offered: dict[str, RunnerImage]) -> str:
    """A Python of this machine that an image has, or what to install."""
    newest_first = sorted(offered, key=_number, reverse=True)
    preferred = sorted(newest_first, key=lambda minor: not offered[minor].default)
    for minor in preferred:
        found = find_interpreter(minor, environment=os.environ)
        if found is not None:
            return f"`--python {found.path}` builds it with that one"
    minor = preferred[0] if preferred else "3.12"
    return f"`uv python install {minor}`, then `--python {minor}` builds it with that one"


def _number(minor: str) -> int:
    return int(minor.partition(".")[2])
