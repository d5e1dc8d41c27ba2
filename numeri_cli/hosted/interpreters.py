"""Interpreters of Python on this machine: found by path, on PATH, of pyenv and of uv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.children import child_environment
from numeri_cli.errors import PythonMissing
from numeri_cli.files import expanded

_ASK = "import sys; print('.'.join(map(str, sys.version_info[:3])), sys.implementation.name)"
_MINOR = re.compile(r"(?:python)?(3\.\d{1,2})")
_ASK_SECONDS = 30


@dataclass(frozen=True)
class Interpreter:
    """A Python that can be started; version: such as "3.12.1"."""

    path: Path
    version: str

    @property
    def minor(self) -> str:
        """Such as "3.12"."""
        return ".".join(self.version.split(".")[:2])


def own_interpreter() -> Interpreter:
    """The one that runs this program."""
    return Interpreter(Path(sys.executable), ".".join(str(one) for one in sys.version_info[:3]))


def named_interpreter(word: str, *, environment: Mapping[str, str]) -> Interpreter:
    """The interpreter that a path, or a word such as "3.13" or "python3.13", means.

    Raises PythonMissing.
    """
    path = expanded(Path(word))
    minor = _MINOR.fullmatch(word)
    if minor is not None and not path.is_file():
        found = find_interpreter(minor[1], environment=environment)
        if found is None:
            raise PythonMissing(
                f"there is no Python {minor[1]} on PATH, of pyenv or of uv",
                hint=f"install one, such as `uv python install {minor[1]}`, or name its path",
            )
        return found
    version = _version_of(path.absolute()) if path.is_file() else None
    if version is None:
        raise PythonMissing(
            f"{path} is no interpreter of Python",
            hint="name one, such as /usr/bin/python3.13, or a version: --python 3.13",
        )
    return Interpreter(path.absolute(), version)


def find_interpreter(minor: str, *, environment: Mapping[str, str]) -> Interpreter | None:
    """An interpreter of a minor version such as "3.13"; None where there is none."""
    own = own_interpreter()
    if own.minor == minor:
        return own
    for path in _places(minor, environment):
        version = _version_of(path)
        if version is not None and version.startswith(f"{minor}."):
            return Interpreter(path, version)
    return None


def _places(minor: str, environment: Mapping[str, str]) -> Iterator[Path]:
    """Where an interpreter of a version may be, those first that are sure to be it."""
    home = Path(environment.get("HOME") or os.sep)
    roots = [
        Path(environment.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        Path(
            environment.get("UV_PYTHON_INSTALL_DIR")
            or Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "uv" / "python"
        ),
    ]
    for root in roots:
        yield from sorted(root.glob(f"*{minor}.*/bin/python{minor}"), reverse=True)
    on_path = shutil.which(f"python{minor}", path=environment.get("PATH"))
    if on_path is not None:
        yield Path(on_path)


def _version_of(path: Path) -> str | None:
    """What an interpreter says its version is; None where it is none, or not CPython."""
    try:
        done = subprocess.run(  # noqa: S603 - the user has named it, or it lies where Pythons lie
            [path, "-I", "-c", _ASK],
            capture_output=True,
            text=True,
            errors="replace",
            env=child_environment(os.environ),
            stdin=subprocess.DEVNULL,
            timeout=_ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    sound = done.returncode == 0 and len(words) == 2 and re.fullmatch(r"3\.\d+\.\d+", words[0])
    return words[0] if sound and words[1] == "cpython" else None
