"""Where an uploaded model is to run: an image with its Python, and a data version."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import RunnerImage
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.image import (
    image_with,
    offered_version,
    python_of_image,
    pythons_meant,
)
from numeri_cli.errors import PythonMissing, UsageProblem
from numeri_cli.hosted.interpreters import named_interpreter

_MINOR = re.compile(r"3\.\d{1,2}")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What Numerai runs a model in: names and ids as the API lists them."""

    image: str
    image_id: str
    data_version: str
    data_version_id: str


def surroundings_of_file(
    context: Context, *, python: str | None, pickled_by: Sequence[str]
) -> Surroundings:
    """What the API offers for a pickle that exists; no interpreter of its Python is needed here.

    python: a version or an interpreter's path; pickled_by: Pythons that its byte code can be of,
    none where it holds none
    Raises PythonMissing, UsageProblem where the data version is not offered.
    """
    if python is not None and not _MINOR.fullmatch(python):
        python = named_interpreter(python, environment=os.environ).minor
    fitting = [python] if python else pythons_meant(pickled_by)
    known = calls.images(context.client)
    image = image_with(known, fitting)
    if image is None:
        raise no_image(known, " or ".join(fitting))
    return _with_data(context, image, context.data_version)


def no_image(known: Sequence[RunnerImage], python: str) -> PythonMissing:
    """The error for a Python that none of the images has."""
    pythons = sorted(filter(None, map(python_of_image, known)), key=_order)
    listed = ", ".join(dict.fromkeys(pythons)) or "none that is known"
    return PythonMissing(
        f"no image of Numerai's has Python {python}, whose byte code this pickle holds: there are"
        f" {listed}",
        hint="make the pickle with one of these, or say which it is of: --python 3.12",
    )


def _with_data(context: Context, image: RunnerImage, version: str) -> Surroundings:
    found, offered = offered_version(context.client, version)
    if found is None:
        raise not_offered(version, offered)
    return Surroundings(
        image=image.name,
        image_id=image.id,
        data_version=found.name,
        data_version_id=found.id,
    )


def not_offered(version: str, offered: str) -> UsageProblem:
    """The error for a data version that uploaded models are not given."""
    return UsageProblem(
        f"Numerai gives uploaded models no data of version {version}",
        hint=f"it gives {offered or 'none'}: `data_version` in the profile says which you mean",
    )


def known_surroundings(
    context: Context, *, image_id: str, data_version_id: str
) -> Surroundings | None:
    """What the API still offers under these ids; None where one of them is gone."""
    images = {one.id: one.name for one in calls.images(context.client)}
    versions = {one.id: one.name for one in calls.data_versions(context.client)}
    if image_id not in images or data_version_id not in versions:
        return None
    return Surroundings(
        image=images[image_id],
        image_id=image_id,
        data_version=versions[data_version_id],
        data_version_id=data_version_id,
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
