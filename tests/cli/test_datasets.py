"""What `numeri datasets` shows: files, and the binned data that trainings keep."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from tests.support.runner import PROFILE, Numeri
from tests.support.served import served

LONGEST = "v5.3/validation_benchmark_models.parquet"


def binned_files(home: Path) -> list[Path]:
    return sorted((home / "cache" / "binned" / "practice").glob("*.bin"))


def test_no_name_is_wrapped_at_80_columns(numeri: Numeri, trained: Path) -> None:
    said = numeri("datasets")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert max(len(line) for line in lines if str(trained) not in line) <= 80
    [longest] = [line for line in lines if line.startswith(LONGEST)]
    assert longest.split()[-2:] == ["2026-01-03", "12:05"]
    offered = numeri("datasets", "--json").data["files"]
    shown = [line.split()[0] for line in lines if line.startswith("v5.3/")]
    assert shown == [file["name"] for file in offered]


def test_binned_data_is_shown_with_size_and_last_use(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    [first] = binned_files(trained)
    os.utime(first, (1_767_500_000, 1_767_500_000))
    profile.write_text(PROFILE.replace('"medium"', '"small"'))
    assert numeri("train").code == 0
    [second] = [path for path in binned_files(trained) if path != first]
    kept = numeri("datasets", "--json").data["binned"]
    assert [entry["key"] for entry in kept] == [second.stem, first.stem]
    assert [entry["features"] for entry in kept] == [8, 20]
    assert [entry["size_bytes"] for entry in kept] == [p.stat().st_size for p in (second, first)]
    assert kept[1]["used"] == "2026-01-04T04:13:20Z"
    assert datetime.fromisoformat(kept[0]["used"]) <= datetime.now(UTC)
    said = numeri("datasets")
    [line] = [line for line in said.out.splitlines() if line.startswith(first.stem[:12])]
    assert line.endswith("2026-01-04 04:13")
    assert f"{kept[1]['rows']:,}" in line
    *lines, where = said.out.splitlines()
    assert max(len(line) for line in lines if str(trained) not in line) <= 80
    folder = numeri("datasets", "--json").data["binned_folder"]
    assert where == f"in {folder}; it may be deleted at any time"  # paths are never wrapped


def test_a_training_that_reads_the_binned_data_again_counts_as_a_use(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    [path] = binned_files(trained)
    os.utime(path, (1_767_500_000, 1_767_500_000))
    assert numeri("train").code == 0
    [entry] = numeri("datasets", "--json").data["binned"]
    assert entry["used"] > "2026-01-05"


def test_without_a_training_nothing_binned_is_shown_nor_what_is_broken(
    numeri: Numeri, practice: Path, profile: Path, home: Path
) -> None:
    assert numeri("datasets", "--json").data["binned"] == []
    assert "binned" not in numeri("datasets").out
    folder = home / "cache" / "binned" / "practice"
    folder.mkdir(parents=True)
    (folder / "half.bin").write_bytes(b"half")
    (folder / "half.json").write_text('{"rows": "many", "features": 3, "size_bytes": 4}')
    (folder / "lone.bin").write_bytes(b"lone")
    assert numeri("datasets", "--json").data["binned"] == []


def test_what_is_not_here_is_shown_with_its_size_and_where_files_lie(
    numeri: Numeri, practice: Path, profile: Path
) -> None:
    assert numeri("download", "live").code == 0
    found = numeri("datasets", "--json").data
    files = {file["name"].rpartition("/")[2]: file for file in found["files"]}
    missing = files["validation.parquet"]
    offered = practice / "world" / "v5.3" / "validation.parquet"
    assert not missing["here"]
    assert missing["to_come_bytes"] == next(practice.rglob(offered.name)).stat().st_size
    assert files["live.parquet"]["to_come_bytes"] == 0
    shown = numeri("datasets").out
    [line] = [one for one in shown.splitlines() if one.startswith("v5.3/validation.parquet")]
    assert line.endswith("not here")
    assert re.search(r"\d[\d.]* [kM]B", line)
    assert f"files lie in {found['folder']}" in shown
    assert "changed since" not in shown


def test_a_file_that_is_no_longer_the_tournaments_is_named(
    numeri: Numeri, practice: Path, profile: Path
) -> None:
    assert numeri("download", "live", "features").code == 0
    assert numeri("practice", "advance").code == 0
    said = numeri("datasets")
    assert "v5.3/live.parquet has changed since; `numeri download` brings it" in said.out
    assert "features.json has changed" not in said.out
    assert numeri("download", "live").code == 0
    assert "has changed since" not in numeri("datasets").out


def test_datasets_and_download_need_no_profile(numeri: Numeri, practice: Path) -> None:
    with served(practice) as server:
        listed = numeri("datasets", "--tournament", server.address, "--json")
        assert listed.code == 0, listed.out
        assert {file["here"] for file in listed.data["files"]} == {False}
        brought = numeri("download", "live", "--tournament", server.address, "--json")
        assert brought.code == 0, brought.out
        assert Path(brought.data["files"][0]["path"]).is_file()


def test_where_the_files_store_is_in_trouble_what_is_here_is_shown_all_the_same(
    numeri: Numeri, practice: Path, profile: Path
) -> None:
    assert numeri("download", "features").code == 0
    for path in practice.rglob("*.parquet"):
        path.unlink()
    said = numeri("datasets", "--json")
    assert said.code == 0, said.out
    files = {file["name"]: file for file in said.data["files"]}
    assert files["v5.3/features.json"]["here"]
    assert files["v5.3/train.parquet"]["to_come_bytes"] is None
    assert "going on without further sizes" in numeri("datasets").err
