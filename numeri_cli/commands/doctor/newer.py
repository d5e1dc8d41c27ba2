"""Whether there is a newer numeri, asked of the package index that pip uses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping

from numeri_cli.children import child_environment
from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, cannot_know, fine, mend
from numeri_cli.errors import NumeriError
from numeri_cli.version import __version__

name = "newer"
own_errors: tuple[type[NumeriError], ...] = ()
PIP_SECONDS = 12.0
_PIPS_OWN = frozenset(
    {"PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_PROXY", "PIP_CERT"}
    | {"PIP_TRUSTED_HOST", "PIP_FIND_LINKS", "PIP_NO_INDEX", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)
_PROXIES = frozenset({"https_proxy", "http_proxy", "all_proxy", "no_proxy"})


def look(examination: Examination) -> Iterator[Finding]:
    """pip itself is asked, since it alone knows its index, its proxy and its settings."""
    if not examination.online:
        return
    newest = _newest()
    if newest is None:
        yield cannot_know(
            name,
            "index_silent",
            "pip tells of no numeri in its package index",
            hint="look at `pip index versions numeri`",
        )
    elif _ordered(newest) > _ordered(__version__):
        yield mend(
            name,
            "numeri_old",
            f"numeri {newest} is there, and this is {__version__}",
            hint="`pip install --upgrade numeri`",
        )
    else:
        yield fine(name, f"{__version__} is the newest there is")


def _newest() -> str | None:
    words = ["index", "versions", "numeri", "--disable-pip-version-check", "--no-input"]
    try:
        done = subprocess.run(  # noqa: S603 - pip of this very installation, with words of ours
            # -P: a pip.py of the folder that one stands in is not meant
            [sys.executable, "-P", "-m", "pip", *words, "--retries", "0", "--timeout", "5"],
            stdin=subprocess.DEVNULL,
            env=environment_of_pip(os.environ),
            capture_output=True,
            text=True,
            timeout=PIP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"numeri \(([0-9][0-9A-Za-z.+!-]*)\)", done.stdout)
    return found[1] if found and done.returncode == 0 else None


def environment_of_pip(environment: Mapping[str, str]) -> dict[str, str]:
    """What every child sees, and the way to the index: pip's settings, proxies, certificates."""
    own = {
        name: value
        for name, value in environment.items()
        if name in _PIPS_OWN or name.lower() in _PROXIES
    }
    return child_environment(environment, **own)


def _ordered(text: str) -> tuple[int, ...]:
    """The numbers of a release such as "1.2.0", without zeros at the end."""
    numbers = [int(part) for part in re.match(r"[\d.]*", text)[0].split(".") if part]  # type: ignore[index]  # it matches anything
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
