"""Data files that are missing, cut off, altered or another kind: said, never used, cured."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.damages import altered, cut, emptied, replaced
from tests.support.refusals import kept, refused
from tests.support.runner import Numeri

Damage = Callable[[Path], object]


def foreign(path: Path) -> None:
    """A sound file of another kind under this name."""
    shutil.copy(path.with_name("meta_model.parquet"), path)


DAMAGES = [cut, emptied, replaced, altered]


def files(home: Path) -> Path:
    return home / "data" / "datasets" / "practice" / "v5.3"


@pytest.mark.parametrize("damage", [*DAMAGES, foreign])
def test_training_data_that_is_not_what_was_downloaded_trains_nothing(
    numeri: Numeri, trained: Path, damage: Damage
) -> None:
    damage(files(trained) / "train.parquet")
    before = kept(trained / "data")
    for command in ("train", "backtest"):
        refused(
            numeri(command, "--json"),
            exit_code=1,
            code="file_damaged",
            sentence="train.parquet is not what was downloaded",
            cure="`numeri download --force train`",
        )
    assert kept(trained / "data") == before
    assert numeri("download", "--force", "train").code == 0
    assert numeri("train").code == 0


@pytest.mark.parametrize("damage", [*DAMAGES, foreign])
def test_damaged_live_data_is_fetched_again_before_it_predicts(
    numeri: Numeri, trained: Path, damage: Damage
) -> None:
    live = files(trained) / "live.parquet"
    good = live.read_bytes()
    damage(live)
    assert numeri("run").code == 0
    assert live.read_bytes() == good


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_list_of_features_is_refused_by_what_reads_it(
    numeri: Numeri, trained: Path, profile: Path, damage: Damage
) -> None:
    profile.write_text(profile.read_text().replace('"target_ender_20"', '"target_ender_60"'))
    damage(files(trained) / "features.json")
    said = numeri("train", "--json")
    refused(
        said,
        exit_code=1,
        code="file_damaged",
        sentence="features.json is no complete JSON file",
        cure="`numeri download features.json`",
    )
    (files(trained) / "features.json").unlink()
    assert numeri("download", "features.json").code == 0
    assert numeri("train").code == 0


def test_a_features_json_of_another_shape_is_refused(numeri: Numeri, trained: Path) -> None:
    path = files(trained) / "features.json"
    for content in ("[]", '{"feature_sets": []}', '{"feature_sets": {"medium": 3}}'):
        path.write_text(content)
        said = numeri("train", "--json")
        refused(
            said,
            exit_code=1,
            code="file_foreign",
            sentence="is no features.json",
            cure="`numeri download features.json`",
        )


@pytest.mark.parametrize(
    "name",
    ["validation.parquet", "meta_model.parquet", "validation_benchmark_models.parquet"],
)
def test_a_half_file_of_validation_is_refused_and_brought_again(
    numeri: Numeri, trained: Path, name: str
) -> None:
    cut(files(trained) / name)
    said = numeri("validate", "--eras", "0049-0060", "--json")
    refused(
        said,
        exit_code=1,
        code="file_damaged",
        sentence=f"{name} is no whole parquet file",
        cure=f"`numeri download --force {name}`",
    )
    assert numeri("download", "--force", name).code == 0
    assert numeri("validate", "--eras", "0049-0060").code == 0


def test_validation_data_of_another_kind_is_refused(numeri: Numeri, trained: Path) -> None:
    foreign(files(trained) / "validation.parquet")
    said = numeri("validate", "--eras", "0049-0060", "--json")
    refused(said, exit_code=1, code="file_foreign", sentence="lacks feature_", cure="data version")


def test_a_bad_validation_file_does_not_spoil_an_accepted_submission(
    numeri: Numeri, trained: Path
) -> None:
    cut(files(trained) / "validation.parquet")
    said = numeri("run", "--json")
    assert said.code == 0
    (model,) = said.data["models"]
    assert (model["state"], model["validation"]) == ("accepted", None)


def test_missing_data_is_downloaded_by_what_needs_it(numeri: Numeri, trained: Path) -> None:
    shutil.rmtree(files(trained))
    assert numeri("train").code == 0
    assert numeri("validate", "--eras", "0049-0060").code == 0
    assert numeri("predict").code == 0


def test_a_file_that_the_tournament_does_not_offer_is_refused_with_the_nearest(
    numeri: Numeri, trained: Path
) -> None:
    for word, sentence, cure in (
        ("trian", "no file 'v5.3/trian.parquet'", "'v5.3/train.parquet'?"),
        ("v4/live.parquet", "v4/live.parquet is not of data version v5.3", "`data_version`"),
        ("../../etc/passwd", "../../etc/passwd is not of data version v5.3", "`data_version`"),
    ):
        before = kept(trained)
        said = numeri("download", word, "--json")
        refused(said, exit_code=1, code="dataset_unknown", sentence=sentence, cure=cure)
        assert kept(trained) == before


def test_a_data_version_that_the_tournament_does_not_offer_is_refused(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    profile.write_text(profile.read_text().replace("\n\n", '\ndata_version = "v9.9"\n\n', 1))
    said = numeri("train", "--json")
    refused(
        said,
        exit_code=1,
        code="dataset_unknown",
        sentence="no file 'v9.9/features.json'",
        cure="'v5.3/features.json'?",
    )


def test_data_files_named_by_hand_must_be_there_and_sound(numeri: Numeri, trained: Path) -> None:
    Path("mine.parquet").write_bytes(b"PAR1")
    for word, code, sentence in (
        ("nothere.parquet", "file_missing", "no data file nothere.parquet"),
        ("mine.parquet", "file_damaged", "mine.parquet is no whole parquet file"),
    ):
        said = numeri("predict", "--data", word, "--json")
        refused(said, exit_code=1, code=code, sentence=sentence, cure="")
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["mine.parquet", "numeri.toml"]
