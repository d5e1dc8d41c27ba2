"""What cron and systemd make of the command: the very words, variables and log that were meant."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from numeri_cli.errors import ScheduleError
from numeri_cli.schedule.command import (
    ScheduledCommand,
    carried_variables,
    installed_program,
    run_command,
    withheld_variables,
)

ODD = ["plain", "two words", "100%", "$HOME", "it's", 'a "b"', "a=b", "`id`;#&", "Größe", "%h%%n"]
WITNESS = """#!{python}
import json, os, sys
print(json.dumps([sys.argv[1:], os.environ.get("NUMERI_HOME"), os.environ.get("HTTPS_PROXY")]))
"""


def witness(folder: Path) -> Path:
    """A program that says how it was started."""
    folder.mkdir(parents=True)
    program = folder / "numeri"
    program.write_text(WITNESS.format(python=sys.executable))
    program.chmod(0o755)
    return program


def command(program: Path, odd: str, folder: Path) -> ScheduledCommand:
    return run_command(
        profile=folder / odd / "numeri.toml",
        tournament="practice",
        wait=timedelta(minutes=50),
        log=folder / odd / "schedule.log",
        program=(str(program),),
        environment={"NUMERI_HOME": str(folder / odd), "HTTPS_PROXY": "http://proxy:3128"},
    )


def expected(odd: str, folder: Path) -> list[object]:
    words = ["run", "--profile", str(folder / odd / "numeri.toml")]
    words += ["--tournament", "practice", "--wait", "50m"]
    return [words, str(folder / odd), "http://proxy:3128"]


def started_by_cron(line: str) -> None:
    """Run a line as cron does: up to the first bare per cent sign, through /bin/sh."""
    text = re.split(r"(?<!\\)%", line)[0].replace(r"\%", "%")
    subprocess.run(["/bin/sh", "-c", text], check=True, env={"PATH": "/usr/bin:/bin"})


def words_of_systemd(value: str) -> list[str]:
    """Words as systemd.syntax(7) and systemd.service(5) say: quotes, \\", %%; then $$."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', value)
    plain = [re.sub(r"\\(.)", r"\1", quoted) or bare for quoted, bare in words]
    for word in plain:
        assert "%" not in word.replace("%%", ""), "a specifier"
    return [word.replace("%%", "%") for word in plain]


@pytest.mark.parametrize("odd", ODD)
def test_cron_starts_exactly_what_was_meant(odd: str, tmp_path: Path) -> None:
    program = witness(tmp_path / odd)
    line = command(program, odd, tmp_path).for_cron()
    started_by_cron(line)
    started_by_cron(line)
    said = (tmp_path / odd / "schedule.log").read_text().splitlines()
    assert [json.loads(text) for text in said] == [expected(odd, tmp_path)] * 2


@pytest.mark.parametrize("odd", ODD)
def test_systemd_starts_exactly_what_was_meant(odd: str, tmp_path: Path) -> None:
    program = witness(tmp_path / odd)
    lines = command(program, odd, tmp_path).for_systemd()
    values: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition("=")
        values.setdefault(key, []).append(value)
    environment = dict(
        word.split("=", 1) for text in values["Environment"] for word in words_of_systemd(text)
    )
    words = words_of_systemd(values["ExecStart"][0])
    assert not re.search(r"[\"'$\\]", words[0]), "systemd takes no such program"
    for word in words[1:]:
        assert "$" not in word.replace("$$", ""), "a variable"
    words = [words[0], *(word.replace("$$", "$") for word in words[1:])]
    result = subprocess.run(words, check=True, capture_output=True, env=environment)
    assert json.loads(result.stdout) == expected(odd, tmp_path)
    log = values["StandardOutput"][0].replace("%%", "%")
    assert log == f"append:{tmp_path / odd / 'schedule.log'}"


@pytest.mark.parametrize("bad", ["a\nb", "a\\b", "a\rb", "a\x1bb", "a\udcffb", "a\x85b"])
def test_what_no_schedule_can_hold_is_refused(bad: str, tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="cannot hold") as caught:
        command(tmp_path / "numeri", bad, tmp_path)
    caught.value.message.encode("ascii")


def test_a_command_too_long_for_cron_is_refused_before_it_is_cut_off(tmp_path: Path) -> None:
    deep = "/".join(["d" * 200] * 3)
    with pytest.raises(ScheduleError, match="cron takes 998"):
        command(tmp_path / "numeri", deep, tmp_path).for_cron()


def test_secrets_are_not_taken_along(tmp_path: Path) -> None:
    environment = {
        "NUMERAI_PUBLIC_ID": "PUBLIC",
        "NUMERAI_SECRET_KEY": "SECRET",
        "NUMERAI_MCP_AUTH": "Token PUBLIC$SECRET",
        "https_proxy": "http://me:SECRET@proxy:3128",
        "NO_PROXY": "localhost",
    }
    made = run_command(
        profile=tmp_path / "numeri.toml",
        tournament=None,
        wait=timedelta(minutes=5),
        log=tmp_path / "log",
        program=("/usr/bin/numeri",),
        environment=environment,
    )
    written = made.for_cron() + "\n".join(made.for_systemd())
    assert "NO_PROXY=localhost" in written
    assert "SECRET" not in written
    assert "PUBLIC" not in written
    assert withheld_variables(environment) == ("https_proxy",)


@pytest.mark.parametrize("way", ["option", "variable"])
def test_an_address_with_a_password_is_refused(way: str, tmp_path: Path) -> None:
    address = "https://me:hush@tournament.example/"
    with pytest.raises(ScheduleError, match="password") as caught:
        run_command(
            profile=tmp_path / "numeri.toml",
            tournament=address if way == "option" else None,
            wait=timedelta(minutes=5),
            log=tmp_path / "log",
            program=("/usr/bin/numeri",),
            environment={"NUMERI_API_URL": address} if way == "variable" else {},
        )
    assert "hush" not in caught.value.message + caught.value.hint


def test_variables_that_move_the_home_come_along_as_absolute_paths() -> None:
    assert carried_variables({"NUMERI_HOME": "here", "XDG_DATA_HOME": "/x"}) == (
        ("NUMERI_HOME", str(Path("here").absolute())),
    )
    assert carried_variables({"NUMERI_HOME": "", "XDG_DATA_HOME": "/x"}) == (
        ("XDG_DATA_HOME", "/x"),
    )


def test_the_program_found_is_this_installation() -> None:
    words = installed_program()
    assert Path(words[0]).is_absolute()
    assert os.access(words[0], os.X_OK)
    assert Path(words[0]).parent == Path(sys.executable).parent
