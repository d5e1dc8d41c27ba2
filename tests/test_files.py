"""Files that are whole or absent; names that are checked; digests."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from numeri_cli.errors import DiskFull, DiskTrouble, FileForeign, PathForbidden
from numeri_cli.files import (
    atomic_file,
    atomic_path,
    digest_file,
    disk_error,
    remove_abandoned,
    safe_name,
    safe_relative,
    write_text,
)


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    with pytest.raises(ZeroDivisionError), atomic_file(path) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert list(path.parent.iterdir()) == []
    with atomic_file(path) as file:
        file.write(b"first")
    with pytest.raises(KeyboardInterrupt), atomic_path(path) as temporary:
        temporary.write_bytes(b"second, hal")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "abc")
    assert digest_file(tmp_path / "a").startswith("ba7816bf8f01cfea")


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "", "a\\b", "a\0", "-x", "x" * 200])
def test_a_name_from_a_server_never_becomes_a_path_unchecked(name: str) -> None:
    with pytest.raises(FileForeign):
        safe_name(name)
    with pytest.raises(FileForeign):
        safe_relative(f"v5.3/{name}/../live.parquet")


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert safe_relative("v5.3/live.parquet") == Path("v5.3/live.parquet")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EACCES, PathForbidden),
        (errno.EROFS, PathForbidden),
        (errno.EIO, DiskTrouble),
    ],
)
def test_the_systems_refusals_become_ours(number: int, expected: type[Exception]) -> None:
    error = disk_error(OSError(number, os.strerror(number)), Path("/x"))
    assert type(error) is expected
    assert "/x" in error.message
    assert error.hint


def test_what_a_killed_writer_left_goes_with_the_next_writing(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path = folder / "model[1].json"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = folder / f".model[1].json.{gone.pid}.part"
    at_work = folder / f".model[1].json.{os.getppid()}.part"
    another = folder / f".other.json.{gone.pid}.part"
    for part in (left, at_work, another):
        part.write_bytes(b"half")
    write_text(path, "whole")
    assert left.exists()  # of a moment ago, perhaps another machine's that shares this disk
    for part in (left, at_work, another):
        os.utime(part, (0, 0))
    write_text(path, "whole")
    assert sorted(folder.iterdir()) == sorted([path, at_work, another])


def test_two_threads_write_the_same_file_at_once_and_the_last_one_stands(tmp_path: Path) -> None:
    path = tmp_path / "scores" / "0061.npy"
    other = threading.Thread(target=write_text, args=(path, "theirs"))
    with atomic_file(path) as file:
        file.write(b"ours")
        other.start()
        other.join()
        assert path.read_text() == "theirs"
    assert path.read_text() == "ours"
    assert list(path.parent.iterdir()) == [path]


def test_what_killed_writers_left_in_a_folder_goes_and_what_is_being_written_stays(
    tmp_path: Path,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folder = tmp_path / "uploads"
    whole = folder / "a.csv"
    with atomic_path(whole) as at_work:
        left = folder / f".b.csv.77.{gone.pid}.part"
        old = folder / f".c.csv.77.{os.getppid()}.part"  # its number is another process's now
        unknown = folder / ".d.csv.123456789012.part"
        for part in (left, old, unknown):
            part.write_bytes(b"half")
        os.utime(old, (0, 0))
        remove_abandoned(folder)
        assert sorted(folder.iterdir()) == sorted([at_work, unknown])
        os.utime(unknown, (0, 0))
        remove_abandoned(folder)
    assert list(folder.iterdir()) == [whole]
    remove_abandoned(tmp_path / "absent")
