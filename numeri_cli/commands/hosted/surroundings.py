"""Where an uploaded model is to run: an image with its Python, and a data version."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import RunnerData, RunnerImage
from numeri_cli.commands.context import Context
from numeri_cli.errors import HostedMissing, UsageProblem, did_you_mean

_PYTHON = re.compile(r"(?<!\d)3[._](\d{1,2})(?!\d)")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What Numerai runs a model in, as the API lists it."""

    image: RunnerImage
    data: RunnerData


def python_of_image(image: RunnerImage) -> str | None:
    """The Python that an image's words name, such as "3.12"; None where they name none."""
    found = next(filter(None, map(_PYTHON.search, image.words)), None)
    return f"3.{found[1]}" if found else None


def own_python() -> str:
    """The minor version of this interpreter, such as "3.12"."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def surroundings(
    context: Context, *, image: str | None, data_version: str | None, python: str
) -> Surroundings:
    """What the API offers of what is asked for.

    image: its name or its Python; by default the one that has `python`
    data_version: by default the profile's, without a profile the API's own default
    Raises UsageProblem for a word that the API does not list, HostedMissing where it has no image
    of that Python.
    """
    chosen = _image(calls.images(context.client), image, python=python)
    wanted = data_version
    if wanted is None and (context.profile_path is not None or context.uses_starter):
        wanted = context.profile.data_version
    return Surroundings(image=chosen, data=_data(calls.data_versions(context.client), wanted))


def _image(known: Sequence[RunnerImage], asked: str | None, *, python: str) -> RunnerImage:
    if asked is not None:
        named = [one for one in known if asked in (one.name, python_of_image(one))]
        if not named:
            names = [one.name for one in known]
            raise UsageProblem(
                f"Numerai has no image {asked[:40]!r}",
                hint=did_you_mean(asked, names, otherwise=f"it has {', '.join(names) or 'none'}"),
            )
        return _preferred(named)
    fitting = [one for one in known if python_of_image(one) == python]
    if not fitting:
        pythons = sorted(filter(None, map(python_of_image, known)), key=_order)
        listed = ", ".join(dict.fromkeys(pythons)) or "none that is known"
        raise HostedMissing(
            f"Numerai has no image with Python {python}, whose byte code this pickle holds;"
            f" it has {listed}",
            hint="make the pickle with one of these, such as in a virtual environment",
        )
    return _preferred(fitting)


def _preferred(images: Sequence[RunnerImage]) -> RunnerImage:
    return next((one for one in images if one.default), images[0])


def _data(known: Sequence[RunnerData], asked: str | None) -> RunnerData:
    if asked is None:
        found = next((one for one in known if one.default), None) or next(iter(known), None)
    else:
        found = next((one for one in known if one.name.lstrip("v") == asked.lstrip("v")), None)
    if found is None:
        names = ", ".join(one.name for one in known) or "none"
        raise UsageProblem(
            f"Numerai gives uploaded models no data of version {asked or 'its own choice'}",
            hint=f"it gives {names}: train on one of these, or say --data-version",
        )
    return found


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
