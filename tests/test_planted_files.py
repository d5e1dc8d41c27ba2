"""Where others can write: nothing of theirs is taken for ours, and nothing of ours is read."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from numeri_cli.dataset.prediction_files import prediction_writer
from numeri_cli.errors import DiskError, DiskTrouble
from numeri_cli.files import atomic_file, atomic_path, write_text
from tests.support.program import numeri, practice, profile, trained, trained_template
from tests.support.runner import Numeri

__all__ = ["numeri", "practice", "profile", "trained", "trained_template"]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_planted_link_at_the_final_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "theirs.txt"
    target.write_text("theirs")
    path = tmp_path / "ours.txt"
    path.symlink_to(target)
    write_text(path, "ours", mode=0o600)
    assert not path.is_symlink()
    assert path.read_text() == "ours"
    assert target.read_text() == "theirs"


@pytest.mark.parametrize("kind", ["file", "link", "pipe"])
def test_a_planted_temporary_file_is_refused_and_never_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Its name cannot be guessed: here the same one is drawn on purpose."""
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 2 * size)
    path, target = tmp_path / "ours.txt", tmp_path / "theirs.txt"
    target.write_text("theirs")
    planted = tmp_path / f".ours.txt.{'0' * 16}.{os.getpid()}.part"
    if kind == "file":
        planted.write_text("theirs")
    elif kind == "link":
        planted.symlink_to(target)
    else:
        os.mkfifo(planted)
    with pytest.raises(DiskTrouble, match=r"ours\.txt"):
        write_text(path, "ours")
    assert not path.exists()
    assert target.read_text() == "theirs"
    assert kind != "file" or planted.read_text() == "theirs"


def test_names_of_temporary_files_are_never_the_same_twice(tmp_path: Path) -> None:
    seen = set()
    for _ in range(50):
        with atomic_path(tmp_path / "a") as part:
            seen.add(part.name)
            assert mode(part) == 0o600
    assert len(seen) == 50


def test_until_it_has_its_name_a_file_is_its_owners_alone_whatever_the_mask(
    tmp_path: Path,
) -> None:
    before = os.umask(0)
    try:
        with atomic_file(tmp_path / "a", mode=0o644) as file:
            (part,) = tmp_path.glob(".a.*")
            assert mode(part) == 0o600
            file.write(b"x")
        assert mode(tmp_path / "a") == 0o644
        with atomic_file(tmp_path / "b", mode=0o600) as file:
            file.write(b"x")
        assert mode(tmp_path / "b") == 0o600
    finally:
        os.umask(before)


def test_a_link_that_is_planted_while_we_write_is_not_followed(tmp_path: Path) -> None:
    """Somebody plants one at the final name again and again; our bytes never go through it."""
    target, path = tmp_path / "theirs.txt", tmp_path / "ours.txt"
    target.write_text("theirs")
    stop = threading.Event()

    def plant() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            link = tmp_path / f"link{number}"
            with suppress(OSError):
                link.symlink_to(target)
                link.replace(path)

    planter = threading.Thread(target=plant)
    planter.start()
    try:
        for _ in range(100):
            with suppress(DiskError):
                write_text(path, "ours")
    finally:
        stop.set()
        planter.join()
    assert target.read_text() == "theirs"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_prediction_files_are_their_owners_alone(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_text("an older one that everybody reads")
    path.chmod(0o644)
    with prediction_writer(path):
        pass
    assert mode(path) == 0o600


def test_models_and_predictions_of_a_home_are_their_owners_alone(
    numeri: Numeri, trained: Path
) -> None:
    before = os.umask(0)
    try:
        assert numeri("train").code == 0
        assert numeri("run").code == 0
        assert numeri("predict", "--output", "mine.csv").code == 0
        assert numeri("submissions", "lighthouse", "--download").code == 0
    finally:
        os.umask(before)
    models = sorted((trained / "data" / "models").rglob("2*/*"))[-2:]  # of this training
    predictions = sorted((trained / "data" / "predictions").rglob("*.parquet"))
    brought = list(Path().glob("lighthouse-*"))
    assert len(models) == 2
    assert predictions
    assert brought
    kept = [*models, *predictions, *brought, Path("mine.csv")]
    assert {str(path): mode(path) for path in kept} == dict.fromkeys(map(str, kept), 0o600)
    assert mode(trained / "data" / "vouched.json") == 0o600


def test_what_a_killed_training_left_is_its_owners_alone(
    numeri: Numeri, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", fail)
    numeri("train")
    monkeypatch.undo()
    left = [
        path for path in (trained / "data" / "models").rglob(".unfinished/**/*") if path.is_file()
    ]
    assert left
    assert {mode(path) for path in left} <= {0o600, 0o644}
    assert {mode(path) for path in left if path.suffix in (".txt", ".npy")} == {0o600}
