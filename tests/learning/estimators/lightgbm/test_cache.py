from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xxhash

from numeri_cli.errors import DiskError
from numeri_cli.learning.cached_data import cached_data
from numeri_cli.learning.estimators.lightgbm.binned import build_binned
from numeri_cli.learning.estimators.lightgbm.cache import BinnedCache
from numeri_cli.learning.estimators.lightgbm.library import lgb
from numeri_cli.learning.estimators.lightgbm.parameters import lightgbm_parameters
from numeri_cli.learning.estimators.lightgbm.segments import train_booster
from numeri_cli.learning.rows import LabelledRows
from tests.support.data_versions import Sample, SampleMaker, labelled, workspace_of
from tests.support.disks import full, small_disk

PARAMS = lightgbm_parameters({"n_estimators": 10})


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    return make_sample(unresolved=(7,))


@pytest.fixture
def cache(tmp_path: Path) -> BinnedCache:
    return BinnedCache(tmp_path / "binned")


def key_of(cache: BinnedCache, chosen: LabelledRows, sample: Sample, **given: object) -> str:
    params = lightgbm_parameters(given)
    return cache.key(chosen.rows, sample.features, params, missing_twos="keep")


def kept(cache: BinnedCache, chosen: LabelledRows, sample: Sample, **given: object) -> lgb.Dataset:
    binned = build_binned(chosen.rows, sample.features, lightgbm_parameters(given))
    cache.keep(key_of(cache, chosen, sample, **given), binned)
    return binned


@pytest.mark.parametrize("size", ["1e999", "NaN", '"x"', "null", "[]"])
def test_a_note_without_a_sound_size_is_no_entry(
    cache: BinnedCache, sample: Sample, tmp_path: Path, size: str
) -> None:
    chosen = labelled(sample, "train")
    kept(cache, chosen, sample)
    [note] = (tmp_path / "binned").glob("*.json")
    content = json.loads(note.read_text())
    note.write_text(note.read_text().replace(str(content["size_bytes"]), size))
    assert cache.load(key_of(cache, chosen, sample), PARAMS) is None
    assert cached_data(tmp_path / "binned") == ()


@pytest.mark.core
def test_loaded_bins_grow_the_same_trees(
    cache: BinnedCache, sample: Sample, tmp_path: Path
) -> None:
    chosen = labelled(sample, "train")
    built = kept(cache, chosen, sample)
    loaded = cache.load(key_of(cache, chosen, sample), PARAMS)
    assert loaded is not None
    texts = [
        train_booster(binned, PARAMS, labels=chosen.labels, folder=tmp_path / name)
        for name, binned in (("built", built), ("loaded", loaded))
    ]
    assert texts[0] == texts[1]


def test_the_key_is_shared_by_seeds_and_by_targets_with_the_same_rows(
    cache: BinnedCache, make_sample: SampleMaker
) -> None:
    sample = make_sample()
    chosen = labelled(sample, "train")
    other = labelled(sample, "train", target="target_ender_60")
    key = key_of(cache, chosen, sample, seed=1)
    assert key == key_of(cache, chosen, sample, seed=2, learning_rate=0.3)
    assert key == key_of(cache, other, sample)


def test_the_key_tells_rows_features_bins_and_missing_values_apart(
    cache: BinnedCache, sample: Sample, make_sample: SampleMaker
) -> None:
    chosen = labelled(sample, "train")
    key = key_of(cache, chosen, sample)
    # Era 7 is resolved in the second: another mask, and in a file with other bytes.
    resolved = labelled(make_sample(folder=sample.folder.parent / "other"), "train")
    others = [
        key_of(cache, resolved, sample),
        key_of(cache, chosen, sample, max_bin=3),
        key_of(cache, chosen, sample, min_child_samples=500),
        cache.key(chosen.rows, sample.features[::-1], PARAMS, missing_twos="keep"),
        cache.key(chosen.rows, sample.features, PARAMS, missing_twos="nan"),
    ]
    assert len({key, *others}) == 6


def test_the_least_recently_used_goes_first(sample: Sample, tmp_path: Path) -> None:
    chosen = labelled(sample, "train")
    large = BinnedCache(tmp_path / "binned")
    keys = []
    for max_bin in (3, 4, 5):
        kept(large, chosen, sample, max_bin=max_bin)
        keys.append(key_of(large, chosen, sample, max_bin=max_bin))
        os.utime(large.folder / f"{keys[-1]}.bin", (1000.0 + max_bin, 1000.0 + max_bin))
    assert large.load(keys[0], lightgbm_parameters({"max_bin": 3})) is not None
    sizes = [entry.size_bytes for entry in cached_data(large.folder)]
    small = BinnedCache(large.folder, limit_bytes=sum(sizes) + sizes[0] // 2)
    kept(small, chosen, sample, max_bin=6)
    left = {entry.key for entry in cached_data(small.folder)}
    assert left == {keys[0], keys[2], key_of(small, chosen, sample, max_bin=6)}


def test_what_was_just_written_stays_even_above_the_limit(sample: Sample, tmp_path: Path) -> None:
    cache = BinnedCache(tmp_path / "binned", limit_bytes=1)
    kept(cache, labelled(sample, "train"), sample)
    assert len(cached_data(cache.folder)) == 1


@pytest.mark.parametrize("spoil", ["cut", "garbage"])
def test_a_spoiled_file_is_thrown_away(cache: BinnedCache, sample: Sample, spoil: str) -> None:
    chosen = labelled(sample, "train")
    kept(cache, chosen, sample)
    key = key_of(cache, chosen, sample)
    path = cache.folder / f"{key}.bin"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: size // 2] if spoil == "cut" else bytes(size))
    assert cache.load(key, PARAMS) is None
    assert not path.exists()
    assert cached_data(cache.folder) == ()


@pytest.mark.parametrize("place", [0.0, 0.02, 0.5, 0.99])
def test_a_bit_that_changed_anywhere_is_noticed_before_the_library_reads_it(
    cache: BinnedCache, sample: Sample, place: float
) -> None:
    chosen = labelled(sample, "train")
    kept(cache, chosen, sample)
    key = key_of(cache, chosen, sample)
    path = cache.folder / f"{key}.bin"
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 0x40
    path.write_bytes(bytes(content))
    assert cache.load(key, PARAMS) is None
    assert not path.exists()


def test_a_file_kept_without_a_digest_is_made_anew(cache: BinnedCache, sample: Sample) -> None:
    chosen = labelled(sample, "train")
    kept(cache, chosen, sample)
    key = key_of(cache, chosen, sample)
    note = cache.folder / f"{key}.json"
    content = json.loads(note.read_text())
    del content["digest"]
    note.write_text(json.dumps(content))
    assert cache.load(key, PARAMS) is None


def test_a_files_digest_is_remembered_until_it_changes(sample: Sample) -> None:
    path = sample.folder / "train.parquet"
    workspace = workspace_of(sample)
    first = workspace.digest_of(path)
    assert first == workspace.digest_of(path)
    (noted,) = json.loads((workspace.cache / "digests.json").read_text()).values()
    assert noted["digest"] == first
    # Same size and time of writing, other bytes.
    status = path.stat()
    content = path.read_bytes()
    path.write_bytes(content[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = workspace.digest_of(path)
    assert second == hashlib.sha256(content[::-1]).hexdigest()
    assert second != first


@pytest.mark.parametrize(
    ("age_seconds", "is_believed"), [(3_600, True), (86_400, False), (-3_600, False)]
)
def test_a_remembered_digest_is_believed_for_a_day(
    sample: Sample, age_seconds: float, is_believed: bool
) -> None:
    """A disk that changes bytes by itself changes no time of the file."""
    path = sample.folder / "train.parquet"
    workspace = workspace_of(sample)
    true = workspace.digest_of(path)
    notes = workspace.cache / "digests.json"
    (stamp,) = json.loads(notes.read_text())
    noted = {"digest": "f" * 64, "read_at": time.time() - age_seconds}
    notes.write_text(json.dumps({stamp: noted}))
    assert workspace.digest_of(path) == ("f" * 64 if is_believed else true)


@pytest.mark.parametrize("entry", ["f" * 64, None, 7, {"digest": 1}, {"read_at": 1e12}, []])
def test_what_an_earlier_numeri_or_nobody_noted_is_read_again(
    sample: Sample, entry: object
) -> None:
    path = sample.folder / "train.parquet"
    workspace = workspace_of(sample)
    true = workspace.digest_of(path)
    notes = workspace.cache / "digests.json"
    (stamp,) = json.loads(notes.read_text())
    notes.write_text(json.dumps({stamp: entry}))
    assert workspace.digest_of(path) == true


def test_the_digest_of_a_binned_file_is_of_header_and_body_and_no_dear_one(
    cache: BinnedCache, sample: Sample
) -> None:
    chosen = labelled(sample, "train")
    kept(cache, chosen, sample)
    path = cache.folder / f"{key_of(cache, chosen, sample)}.bin"
    note = json.loads(path.with_suffix(".json").read_text())
    assert note["digest"] == xxhash.xxh3_128(path.read_bytes()).hexdigest()
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps({**note, "digest": sha}))
    assert cache.load(key_of(cache, chosen, sample), PARAMS) is None, "of an earlier numeri"


def test_what_a_killed_writer_left_is_swept_and_a_living_ones_file_is_not(
    cache: BinnedCache, sample: Sample
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    cache.folder.mkdir(parents=True)
    left, growing = (cache.folder / f".x.bin.{pid}.part" for pid in (dead.pid, os.getpid()))
    left.touch()
    growing.touch()
    kept(cache, labelled(sample, "train"), sample)
    assert not left.exists()
    assert growing.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_bins_that_a_full_disk_cannot_hold_are_an_error_of_the_disk(
    cache: BinnedCache, sample: Sample
) -> None:
    chosen = labelled(sample, "train")
    binned = build_binned(chosen.rows, sample.features, PARAMS)
    with small_disk(cache.folder, "1m"), full(cache.folder, but=4096):
        with pytest.raises(DiskError, match="LightGBM could not write it"):
            cache.keep(key_of(cache, chosen, sample), binned)
        assert list(cache.folder.glob("*.bin")) == []
