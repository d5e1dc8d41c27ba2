"""Which of Numerai's images runs a model, and which Python of this machine stands for it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from numeri_cli.api.client import Client
from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import RunnerData, RunnerImage
from numeri_cli.errors import PythonMissing
from numeri_cli.hosted.interpreters import (
    Interpreter,
    find_interpreter,
    named_interpreter,
    own_interpreter,
)

_PYTHON = re.compile(r"(?<!\d)3[._](\d{1,2})(?!\d)")


def python_of_image(image: RunnerImage) -> str | None:
    """The Python that an image's words name, such as "3.12"; None where they name none."""
    found = next(filter(None, map(_PYTHON.search, image.words)), None)
    return f"3.{found[1]}" if found else None


def pythons_meant(pickled_by: Sequence[str]) -> Sequence[str]:
    """What a pickle may be run with: this program's Python, unless it is surely of another.

    pickled_by: Pythons that its byte code can be of, none where it holds none
    """
    own = own_interpreter().minor
    return [own] if not pickled_by or own in pickled_by else pickled_by


def image_with(known: Sequence[RunnerImage], pythons: Sequence[str]) -> RunnerImage | None:
    """The image that has one of these Pythons: the default, else the first one listed."""
    fitting = [one for one in known if python_of_image(one) in pythons]
    return next((one for one in fitting if one.default), fitting[0] if fitting else None)


def image_and_python(
    client: Client, *, asked: str | None, pickled_by: Sequence[str] = ()
) -> tuple[RunnerImage, Interpreter]:
    """The image that is meant, and an interpreter of its Python.

    asked: as `--python` takes it; pickled_by: Pythons that a pickle can be of, none where unknown
    Raises PythonMissing, which names a Python that an image has.
    """
    known = calls.images(client)
    interpreter = _interpreter(known, asked=asked, pickled_by=pickled_by)
    image = image_with(known, [interpreter.minor])
    if image is None:
        raise PythonMissing(
            f"no image of Numerai's has Python {interpreter.minor}: there are {_words(known)}",
            hint=_cure(known),
        )
    return image, interpreter


def _interpreter(
    known: Sequence[RunnerImage], *, asked: str | None, pickled_by: Sequence[str]
) -> Interpreter:
    if asked is not None:
        return named_interpreter(asked, environment=os.environ)
    own, meant = own_interpreter(), pythons_meant(pickled_by)
    if own.minor in meant:
        return own
    image = image_with(known, meant)
    wanted = python_of_image(image) if image is not None else None
    if wanted is None:
        raise PythonMissing(
            f"it was pickled by another Python, {' or '.join(pickled_by)}, than any image of"
            f" Numerai's has: there are {_words(known)}",
            hint=_cure(known),
        )
    found = find_interpreter(wanted, environment=os.environ)
    if found is None:
        raise PythonMissing(
            f"it was pickled by another Python, {wanted}, which this machine has not: here runs"
            f" {own.minor}",
            hint=f"`uv python install {wanted}` brings it; --python names one that is elsewhere",
        )
    return found


def offered_version(client: Client, name: str) -> tuple[RunnerData | None, str]:
    """The data version of this name, None where it is not offered; and the names that are."""
    known = calls.data_versions(client)
    found = next(
        (one for one in known if one.name.removeprefix("v") == name.removeprefix("v")), None
    )
    return found, ", ".join(one.name for one in known)


def _words(known: Sequence[RunnerImage]) -> str:
    return ", ".join(
        f"{minor} (the default)" if _is_default(known, minor) else minor for minor in _minors(known)
    )


def _cure(known: Sequence[RunnerImage]) -> str:
    """A Python of this machine that an image has, or what to install."""
    newest_first = reversed(_minors(known))
    preferred = sorted(newest_first, key=lambda minor: not _is_default(known, minor))
    for minor in preferred:
        found = find_interpreter(minor, environment=os.environ)
        if found is not None:
            return f"`--python {found.path}` builds it with that one"
    minor = preferred[0] if preferred else "3.12"
    return f"`uv python install {minor}`, then `--python {minor}` builds it with that one"


def _minors(known: Sequence[RunnerImage]) -> list[str]:
    """The Pythons that images have, oldest first."""
    found = {minor for one in known if (minor := python_of_image(one)) is not None}
    return sorted(found, key=lambda minor: int(minor.partition(".")[2]))


def _is_default(known: Sequence[RunnerImage], minor: str) -> bool:
    image = image_with(known, [minor])
    return image is not None and image.default
