from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.dataset.features import FeatureFile, features_digest
from numeri_cli.errors import FeatureUnknown, FileDamaged, FileForeign, FileMissing

V5 = '{"feature_sets": {"small": ["feature_a"], "all": ["feature_b", "feature_a"]}, "targets": []}'
V4 = """{"feature_stats": {"feature_a": {"legacy_uniqueness": NaN, "spearman_mean": -0.1}},
"feature_sets": {"small": ["feature_a"], "medium": ["feature_a", "feature_b"]},
"targets": ["target_nomi_v4_20"]}"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "features.json"
    path.write_text(text)
    return path


def test_a_set_gives_its_features_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = FeatureFile.read(written(tmp_path, V5))
    assert file.features("all") == ("feature_b", "feature_a")
    assert file.all_features == ("feature_a", "feature_b")


def test_a_file_with_statistics_and_a_bare_nan_is_read(tmp_path: Path) -> None:
    file = FeatureFile.read(written(tmp_path, V4))
    assert file.features("medium") == ("feature_a", "feature_b")
    assert file.targets == ("target_nomi_v4_20",)


def test_given_names_keep_their_order_and_come_once(tmp_path: Path) -> None:
    file = FeatureFile.read(written(tmp_path, V5))
    names = ("feature_a", "feature_b", "feature_a")
    assert file.features(names) == ("feature_a", "feature_b")


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("smal", "'small'"), (["feature_A"], "'feature_a'"), ("zzz", "all, small"), ([], "name a")],
)
def test_an_unknown_name_is_refused_with_the_nearest(
    tmp_path: Path, wanted: str | list[str], hint: str
) -> None:
    file = FeatureFile.read(written(tmp_path, V5))
    with pytest.raises(FeatureUnknown) as refusal:
        file.features(wanted)
    assert hint in refusal.value.hint


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"features\.json"):
        FeatureFile.read(tmp_path / "features.json")


@pytest.mark.parametrize("text", ["", '{"feature_sets": {"small": ["fea', "\x00\x01"])
def test_a_cut_off_file_is_damaged(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileDamaged, match="no complete JSON"):
        FeatureFile.read(written(tmp_path, text))


def test_bytes_that_are_no_text_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    path.write_bytes(b"\xff\xfe\xfa{")
    with pytest.raises(FileDamaged):
        FeatureFile.read(path)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"feature_sets": []}',
        '{"feature_sets": {"small": "feature_a"}}',
        '{"feature_sets": {"small": [1]}}',
        '{"feature_sets": {"small": []}, "targets": "target"}',
    ],
)
def test_json_of_another_shape_is_foreign(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileForeign, match=r"no features\.json"):
        FeatureFile.read(written(tmp_path, text))


def test_the_digest_depends_on_the_order() -> None:
    assert features_digest(["a", "b"]) != features_digest(["b", "a"])
    assert features_digest(["a", "b"]) != features_digest(["ab"])


SETS = """{"feature_sets": {"medium": ["f_a", "f_b", "f_c", "f_d"], "charisma": ["f_b", "f_d"],
"wisdom": ["f_e"]}, "targets": []}"""


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (["medium", "-charisma"], "f_a f_c"),
        (["charisma", "wisdom"], "f_b f_d f_e"),
        (["medium", "-f_a", "f_e"], "f_b f_c f_d f_e"),
        (["medium", "-charisma", "f_d"], "f_a f_c f_d"),
        ("@mine.txt", "f_c f_a f_e"),
        (["@mine.txt", "-wisdom"], "f_c f_a"),
        (["medium", "-@mine.txt"], "f_b f_d"),
    ],
)
def test_lists_hold_sets_names_and_files_and_take_away(
    tmp_path: Path, wanted: str | list[str], meant: str
) -> None:
    (tmp_path / "mine.txt").write_text("# my own\nf_c\n  f_a,  # the best\n\nwisdom\nf_c\n")
    file = FeatureFile.read(written(tmp_path, SETS), folder=tmp_path)
    assert file.features(wanted) == tuple(meant.split())


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["-charisma", "medium"], "takes away nothing"),
        (["wisdom", "-charisma"], "takes away nothing"),
        (["charisma", "-f_b", "-f_d"], "takes away all"),
        (["medium", "-charism"], "no feature 'charism'"),
        ("@none.txt", "no file"),
        ("@bad.txt", "line 2: this data version has no feature 'f_z'"),
        ("@empty.txt", "names no feature"),
        ("@other.txt", "names no other"),
    ],
)
def test_lists_that_cannot_be_meant_are_refused(
    tmp_path: Path, wanted: str | list[str], words: str
) -> None:
    for name, text in (("bad", "f_a\nf_z\n"), ("empty", "# nothing\n"), ("other", "@bad.txt\n")):
        (tmp_path / f"{name}.txt").write_text(text)
    file = FeatureFile.read(written(tmp_path, SETS), folder=tmp_path)
    with pytest.raises((FeatureUnknown, FileMissing, FileForeign), match=words):
        file.features(wanted)
