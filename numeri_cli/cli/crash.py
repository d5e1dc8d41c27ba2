"""A crash file: what somebody needs to mend an error that is not ours to expect, without keys."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime

from numeri_cli.cli.versions import installed
from numeri_cli.errors import NumeriError, Unexpected
from numeri_cli.files import write_text
from numeri_cli.home import Home
from numeri_cli.inert_text import visible
from numeri_cli.log import Mask
from numeri_cli.version import __version__

_MOST_CHARACTERS = 200  # of an exception's own words that are shown


def unexpected(
    raised: BaseException,
    *,
    home: Home,
    secrets: Sequence[str],
    words: Sequence[str],
) -> NumeriError:
    """Write a crash file about an exception that is not ours; the error that names it.

    secrets: keys that must not stand in it; words: of the command
    """
    mask = Mask.of_environment(os.environ)
    for secret in secrets:
        mask.know(secret)
    said = mask.text(" ".join(f"{type(raised).__name__}: {raised}".split()))[:_MOST_CHARACTERS]
    message = f"numeri met what it did not expect: {said}".rstrip(".")
    now = datetime.now(UTC)
    path = home.log / f"crash-{now:%Y%m%dT%H%M%S%f}.txt"
    try:
        report = visible(mask.text(_report(raised, words, now)), kept="\n")
        write_text(path, report, mode=0o600)
    except NumeriError as error:
        return Unexpected(message, hint=f"it is a bug of ours; no file tells of it: {error}")
    return Unexpected(
        message, hint=f"it is a bug of ours: please report it with {path}, which holds no keys"
    )


def _report(raised: BaseException, words: Sequence[str], now: datetime) -> str:
    lines = [
        f"numeri {__version__}, {now:%Y-%m-%dT%H:%M:%SZ}",
        f"command: {' '.join(['numeri', *words])}",
        f"Python {sys.version.splitlines()[0]}",
        f"platform: {platform.platform()}",
        *installed(),
        "",
        *traceback.format_exception(raised),
    ]
    return "\n".join(line.rstrip("\n") for line in lines) + "\n"
