"""Fixtures: the program as a person calls it, and homes that it finds."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from numeri_cli.cli.app import main
from tests.support.runner import KEY_VARIABLES, PROFILE, Numeri, call_process
from tests.support.said import Said
from tests.support.shelf import shelved
from tests.support.tournaments import fresh_tournament


@pytest.fixture
def numeri(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Numeri:
    """Call the program in this process; standard input is empty."""
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def call(*words: object) -> Said:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Said(code, out, err)

    return call


@pytest.fixture
def numeri_process() -> Numeri:
    """Call the program as a process of its own, in the test's home and folder."""

    return call_process


@pytest.fixture
def profile() -> Path:
    """A quick profile for the practice tournament, in the current directory."""
    path = Path("numeri.toml").absolute()
    path.write_text(PROFILE, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small practice tournament, its usual files and the profile's model."""
    profile = tmp_path_factory.mktemp("trained") / "numeri.toml"
    profile.write_text(PROFILE, encoding="utf-8")

    def make(home: Path) -> None:
        fresh_tournament(home / "data" / "practice").close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NUMERI_HOME", str(home))
            for name in KEY_VARIABLES:
                patch.delenv(name, raising=False)
            for word in ("download", "train"):
                assert main([word, "--quiet", "--profile", str(profile)]) == 0

    return shelved(f"trained home {PROFILE}", make)


@pytest.fixture
def trained(trained_template: Path, home: Path, profile: Path) -> Path:
    """The test's home, with everything a run needs in it."""
    shutil.copytree(trained_template, home)
    return home


@pytest.fixture
def practice(home: Path) -> Path:
    """A small practice tournament in the test's home; its folder."""
    root = home / "data" / "practice"
    fresh_tournament(root).close()
    return root
