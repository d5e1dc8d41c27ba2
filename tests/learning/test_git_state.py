"""The profile's commit is told without running anything that its folder names."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from numeri_cli.learning.training import git_state

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    made = tmp_path / "numeri.toml"
    made.write_text("[models.lighthouse]\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "first")
    return made


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_is_told_and_whether_the_profile_differs_from_it(profile: Path) -> None:
    commit = git(profile.parent, "rev-parse", "HEAD")
    assert git_state(profile) == commit
    profile.write_text("[models.beacon]\n")
    assert git_state(profile) == f"{commit}-dirty"
    assert git_state(profile.parent / "none.toml") == ""


@pytest.mark.parametrize("way", ["fsmonitor", "filter", "environment"])
def test_programs_that_the_folder_names_are_not_run(
    profile: Path, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "planted"
    program.write_text(f"#!/bin/sh\nenv > {ran}\ncat\n")
    program.chmod(0o700)
    if way == "fsmonitor":
        git(profile.parent, "config", "core.fsmonitor", str(program))
    elif way == "filter":
        git(profile.parent, "config", "filter.planted.clean", str(program))
        (profile.parent / ".gitattributes").write_text("* filter=planted\n")
    else:  # GIT_* of the environment can name programs, too
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(program))
    os.utime(profile)  # so that git would look at its content
    profile.write_text("[models.beacon]\n")
    assert git_state(profile).endswith("-dirty")
    assert not ran.exists()
    os.utime(profile, (1.0, 1.0))
    profile.write_text("[models.lighthouse]\n# more\n")
    asked = ["git", "-C", str(profile.parent), "diff"]
    subprocess.run(asked, capture_output=True, check=False)
    assert ran.exists()  # what was planted does work
