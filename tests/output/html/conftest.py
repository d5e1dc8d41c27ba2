from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from numeri_cli.commands.validate.validation import Validation
from tests.support.browser import Browser, one_at_a_time
from tests.support.validations import sample_validation


@pytest.fixture(scope="session")
def one() -> Validation:
    """A validation of one prediction."""
    return sample_validation("lighthouse")


@pytest.fixture(scope="session")
def two() -> Validation:
    """A validation of two predictions, one of which has names that want escaping."""
    return sample_validation("lighthouse", "<b>beacon</b> & co")


def _chromium() -> str | None:
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


def _install_chromium() -> None:
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        try:
            subprocess.run(
                ["apt-get", "-qq", *command], check=True, capture_output=True, timeout=150
            )
        except (subprocess.SubprocessError, OSError):
            return


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Headless Chromium; installed where we are root and apt works, the test skipped otherwise."""
    with one_at_a_time():
        if _chromium() is None and shutil.which("apt-get") and os.geteuid() == 0:
            _install_chromium()
    found = _chromium()
    if found is None:
        pytest.skip("no Chromium on this machine, and apt could not install one")
    return Browser(Path(found), tmp_path_factory.mktemp("chromium"))
