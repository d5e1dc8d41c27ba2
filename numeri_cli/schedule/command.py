"""The command that a schedule starts: words, variables, log; quoted for cron and for systemd."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from numeri_cli.errors import ScheduleError
from numeri_cli.files import expanded

# Neither cron nor systemd starts a login shell, so what decides where things live and how the
# network is reached has to be said again.
_HOME = ("NUMERI_HOME",)
_PLACES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
_NETWORK = ("NUMERI_API_URL", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_REACH = (*_NETWORK, *_PROXIES, *(name.lower() for name in _PROXIES))
_ADDRESSES = tuple(name for name in _REACH if not name.startswith("SSL_"))

_LONGEST_COMMAND = 998  # Debian's cron refuses more, others cut it off
_BARE_IN_SYSTEMD = re.compile(r"[A-Za-z0-9_@:,./+=-]+")
_BARE_PROGRAM = re.compile(r"[^\"'$=]+")


@dataclass(frozen=True, slots=True)
class ScheduledCommand:
    """What is started: variables, words (the first absolute), and the file its output joins."""

    variables: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    log: Path

    def __post_init__(self) -> None:
        for text in (*self.words, *(value for _, value in self.variables), str(self.log)):
            _check_writable(text)

    def for_cron(self) -> str:
        """A crontab line after its five fields. Raises ScheduleError where it is too long."""
        parts = [f"{name}={shlex.quote(value)}" for name, value in self.variables]
        parts += [shlex.quote(word) for word in self.words]
        line = " ".join([*parts, ">>", shlex.quote(str(self.log)), "2>&1"])
        line = line.replace("%", r"\%")
        if len(line.encode()) > _LONGEST_COMMAND:
            raise ScheduleError(
                f"the command has {len(line.encode())} bytes, cron takes {_LONGEST_COMMAND}",
                hint="move the profile to a shorter path, or use `--system systemd`",
            )
        return line

    def for_systemd(self) -> tuple[str, ...]:
        """The lines of a [Service] section that start it."""
        start = [_systemd_argument(word) for word in self.words]
        if not _BARE_PROGRAM.fullmatch(self.words[0]):
            # systemd allows no quotes in a program's path: let a shell start it as an argument
            start = ["/bin/sh", "-c", '"exec \\"$$0\\" \\"$$@\\""', *start]
        return (
            *(f"Environment={_systemd_value(f'{key}={text}')}" for key, text in self.variables),
            f"ExecStart={' '.join(start)}",
            f"StandardOutput=append:{_doubled(str(self.log))}",
            "StandardError=inherit",
        )


def listen_command(run: ScheduledCommand, *, port: int) -> ScheduledCommand:
    """`numeri listen` in the place of a scheduled `numeri run`, for the same profile."""
    place = run.words.index("run")
    words = (*run.words[:place], "listen", *run.words[place + 1 :], "--port", str(port))
    return replace(run, words=words)


def run_command(
    *,
    profile: Path,
    tournament: str | None,
    wait: timedelta,
    log: Path,
    program: tuple[str, ...],
    environment: Mapping[str, str],
) -> ScheduledCommand:
    """`numeri run` as a schedule starts it, every path absolute.

    Raises ScheduleError for what would put a password into a crontab, and for paths that no
    crontab can hold.
    """
    words = [str(Path(program[0]).absolute()), *program[1:], "run"]
    words += ["--profile", str(profile.absolute())]
    if tournament is not None:
        words += ["--tournament", tournament]
    words += ["--wait", f"{wait // timedelta(minutes=1)}m"]
    if _holds_password(tournament or "") or _holds_password(environment.get("NUMERI_API_URL", "")):
        raise ScheduleError(
            "the tournament's address has a password in it, which a schedule must not hold",
            hint="give the address without it; keys are stored with `numeri login`",
        )
    return ScheduledCommand(carried_variables(environment), tuple(words), log.absolute())


def carried_variables(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Variables that the scheduled command needs and may hold; relative places made absolute."""
    found = []
    for name in (*(_HOME if environment.get("NUMERI_HOME") else _PLACES), *_REACH):
        value = environment.get(name, "")
        if value and name not in _withheld(environment):
            path = name.endswith(("_HOME", "_FILE", "_DIR"))
            found.append((name, str(expanded(Path(value))) if path else value))
    return tuple(found)


def withheld_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Names of variables that the command may need, but that hold a password."""
    return _withheld(environment)


def installed_program() -> tuple[str, ...]:
    """The words that start this very installation, from anywhere."""
    script = Path(sys.executable).absolute().with_name("numeri")
    if script.is_file() and os.access(script, os.X_OK):
        return (str(script),)
    return (str(Path(sys.executable).absolute()), "-P", "-m", "numeri_cli")


def _check_writable(text: str) -> None:
    """Refuse what crons read differently: line ends, other control characters, backslashes."""
    if text.isprintable() and "\\" not in text:
        return
    raise ScheduleError(
        f"{text!a} has a character in it that a schedule cannot hold",
        hint="rename the folder or file: no line ends, backslashes or undecodable bytes",
    )


def _withheld(environment: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in _ADDRESSES if _holds_password(environment.get(name, "")))


def _holds_password(address: str) -> bool:
    """Whether a name or a password stands before the host, in whichever form a proxy's may have.

    `user:pass@host` needs no scheme, and a password may hold any sign, `/` and `@` included.
    """
    return "@" in address


def _doubled(text: str) -> str:
    return text.replace("%", "%%")


def _systemd_value(text: str) -> str:
    """One word of a unit file, where `%` is special and `$` is not."""
    if _BARE_IN_SYSTEMD.fullmatch(text):
        return text
    return '"' + _doubled(text).replace('"', '\\"') + '"'


def _systemd_argument(text: str) -> str:
    """One argument of ExecStart, where `$` is special too."""
    return _systemd_value(text).replace("$", "$$")
