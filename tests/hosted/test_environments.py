"""Environments of the image's versions, and bare ones where they cannot be had; interpreters."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.errors import EstimatorInvalid, PythonMissing
from numeri_cli.hosted.environments import Environment, make_environment
from numeri_cli.hosted.images import VERSIONS_IN_IMAGES
from numeri_cli.hosted.interpreters import (
    Interpreter,
    find_interpreter,
    named_interpreter,
    own_interpreter,
)
from numeri_cli.progress import SILENT

KNOWN = pytest.mark.skipif(
    own_interpreter().minor not in VERSIONS_IN_IMAGES, reason="no image has this Python"
)


def script(path: Path, *lines: str) -> Path:
    """A program of the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return path


def made(root: Path, *, bare: bool = False) -> Environment:
    """An environment of this interpreter for a LightGBM model."""
    return make_environment(own_interpreter(), ["lightgbm"], root=root, bare=bare, listener=SILENT)


@KNOWN
def test_where_the_registry_has_not_the_versions_a_bare_environment_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "bin" / "uv", 'echo "  × no wheel of numpy 2.1.3 was found" >&2', "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    environment = made(tmp_path / "environments")
    assert not environment.is_image
    assert environment.note == "no wheel of numpy 2.1.3 was found"
    assert environment.packages["lightgbm"]
    site = next(environment.python.parent.parent.glob("lib/*/site-packages"))
    assert (site / "numpy").is_symlink()
    assert not any(one.name.startswith("numeri") for one in site.iterdir())
    assert not (site / "pyarrow").exists()
    assert [one for one in (tmp_path / "environments").iterdir() if one.name[0] == "."] == []


@KNOWN
def test_an_environment_of_the_image_is_made_once_from_the_versions_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    script(tmp_path / "bin" / "uv", f'echo "$@" "$NUMERAI_SECRET_KEY" >> {asked}')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "hidden-of-nobody")
    environment = made(tmp_path / "environments")
    assert environment.is_image
    versions = VERSIONS_IN_IMAGES[own_interpreter().minor]
    assert environment.packages == {
        name: versions[name] for name in ("numpy", "pandas", "scipy", "cloudpickle", "lightgbm")
    }
    assert made(tmp_path / "environments") == environment
    [call] = asked.read_text().splitlines()
    assert f"lightgbm=={versions['lightgbm']}" in call
    assert "hidden-of-nobody" not in call


@KNOWN
def test_of_what_makes_an_environment_the_installer_alone_sees_more_than_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    own = own_interpreter()
    start = f'echo "{{}}" "$AWS_SECRET_ACCESS_KEY" >> {seen}'
    script(tmp_path / "bin" / "uv", start.format("install"))
    starter = script(tmp_path / "python", start.format("venv"), f'exec "{own.path}" "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-another-program")
    environment = make_environment(
        Interpreter(starter, own.version), [], root=tmp_path / "e", bare=False, listener=SILENT
    )
    assert environment.is_image
    assert seen.read_text().splitlines() == ["venv ", "install of-another-program"]


def test_an_interpreter_without_the_packages_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    poor = script(tmp_path / "python3.12", "echo '{}'")
    with pytest.raises(EstimatorInvalid) as refusal:
        make_environment(
            Interpreter(poor, "3.12.1"), [], root=tmp_path / "e", bare=True, listener=SILENT
        )
    assert f"{poor} has no numpy" in refusal.value.message


def test_an_interpreter_is_found_on_path_of_pyenv_and_of_uv(tmp_path: Path) -> None:
    other = "3.14" if own_interpreter().minor != "3.14" else "3.13"
    environment = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}
    assert find_interpreter(other, environment=environment) is None
    with pytest.raises(PythonMissing, match=f"there is no Python {other} on PATH"):
        named_interpreter(other, environment=environment)
    answer = f'echo "{other}.2 cpython"'
    places = (
        tmp_path / "bin" / f"python{other}",
        tmp_path / ".local/share/uv/python" / f"cpython-{other}.2-linux" / f"bin/python{other}",
        tmp_path / ".pyenv" / "versions" / f"{other}.2" / "bin" / f"python{other}",
    )
    for path in places:  # each is looked at before those above
        script(path, answer)
        found = find_interpreter(other, environment=environment)
        assert found == Interpreter(path, f"{other}.2")
        assert named_interpreter(f"python{other}", environment=environment) == found
    assert find_interpreter(own_interpreter().minor, environment={}) == own_interpreter()
    script(tmp_path / "pypy", 'echo "3.11.0 pypy"')
    with pytest.raises(PythonMissing, match="is no interpreter of Python"):
        named_interpreter(str(tmp_path / "pypy"), environment=environment)
