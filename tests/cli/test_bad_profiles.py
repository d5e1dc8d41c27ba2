"""Profiles that cannot be used: named key, line and cure; mended, the same command works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.refusals import kept, refused
from tests.support.runner import PROFILE, Numeri

INVALID = "profile_invalid"
FEATURES = "data/datasets/practice/v5.3/features.json"
LEARNING = [
    ('"medium"', '"medum"', "feature_unknown", "no feature set 'medum'", "did you mean 'medium'?"),
    ('"medium"', '["feature_nope"]', "feature_unknown", "no feature 'feature_nope'", "did you"),
    (
        '"medium"',
        '["-small", "medium"]',
        "feature_unknown",
        "'-small' takes away nothing",
        '["medium", "-small"]',
    ),
    ('"medium"', '["medium", "-medium"]', "feature_unknown", "takes away all", "learn from"),
    ('"medium"', '["medum"]', "feature_unknown", "no feature 'medum'", "did you mean 'medium'?"),
    ('"medium"', '"FEATURE"', "feature_unknown", "'FEATURE' is a feature", '["FEATURE"]'),
    ('"medium"', "[]", "feature_unknown", "the list of features is empty", "name a set"),
    ("_ender_20", "_endr_20", "target_unknown", "no target 'target_endr_20'", "target_ender_20"),
    ('"target_ender_20"', '"target"', "target_alias", "the bare `target`", '"target_ender_60"'),
    ("max_depth", "max_deth", "parameter_unknown", "no parameter 'max_deth'", "'max_depth'"),
    ("= 20,", "= 0,", "parameter_unknown", "0 is no number of trees", "1 or more"),
    ("= 20,", '= "many",', "parameter_unknown", "'many' is no number of trees", "1 or more"),
    ('"lightgbm"', '"lightgbn"', "estimator_invalid", "'lightgbn'", "module:Class"),
    ('"lightgbm"', '"nowhere:Class"', "estimator_invalid", "cannot be imported", "pip install"),
    ('"lightgbm"', '"os:path"', "estimator_invalid", "os has no class 'path'", "mend"),
]
WRITTEN = [
    ("features =", "feature =", "line 4: unknown key models.lighthouse.feature", "'features'?"),
    ('["target_ender_20"]', '"target_ender_20"', "line 5: models.lighthouse.targets", "mend"),
    ('["target_ender_20"]', "[]", "line 5: models.lighthouse.targets", "mend"),
    ('"practice"', '"practice"\ndata_version = 5', "line 2: data_version", "mend"),
    ('"practice"', '"practice"\ndata_version = "../.."', "line 2: data_version", "mend"),
    ('"practice"', '"practice"\nconnections = 0', "line 2: connections", "mend"),
    ("models.lighthouse", "models.'light house'", "'light house' cannot be a model's name", "mend"),
    ('"practice"', '"practice"\n[models.x]\nparams = {\n a = 1 }', "is not TOML", "on one line"),
    ("estimator]", "estimater]", "unknown key models.lighthouse.estimater", "'estimator'?"),
    ('"medium"', '"medium', "is not TOML", "mend that line"),
]


@pytest.mark.parametrize(("was", "now", "code", "sentence", "cure"), LEARNING)
def test_a_name_that_the_data_or_the_library_does_not_know_is_refused_before_training(
    numeri: Numeri,
    trained: Path,
    profile: Path,
    was: str,
    now: str,
    code: str,
    sentence: str,
    cure: str,
) -> None:
    assert was in PROFILE
    before = kept(trained / "data")
    [feature, *_] = json.loads((trained / FEATURES).read_text())["feature_sets"]["all"]
    now, sentence, cure = (text.replace("FEATURE", feature) for text in (now, sentence, cure))
    profile.write_text(PROFILE.replace(was, now))
    said = numeri("train", "--json")
    refused(said, exit_code=1, code=code, sentence=sentence, cure=cure)
    assert kept(trained / "data") == before


@pytest.mark.parametrize(("was", "now", "sentence", "cure"), WRITTEN)
def test_a_profile_that_is_badly_written_is_refused_with_its_line(
    numeri: Numeri, home: Path, profile: Path, was: str, now: str, sentence: str, cure: str
) -> None:
    assert was in PROFILE
    profile.write_text(PROFILE.replace(was, now))
    said = numeri("run", "--json")
    refused(said, exit_code=1, code=INVALID, sentence=sentence, cure=cure)
    assert [entry.name for entry in home.iterdir()] == ["log"]  # where the refusal is noted


@pytest.mark.parametrize(
    ("content", "sentence", "cure"),
    [
        (b"", "no model is named", "add a section such as [models.lighthouse]"),
        (b"[models]\n", "no model is named", "add a section such as [models.lighthouse]"),
        (b"\xff\xfe\x00\x01", "is not UTF-8 text", "save it as UTF-8"),
        (b"\xef\xbb\xbf" + PROFILE.encode(), "byte order mark", "without BOM"),
        (b"<html>404</html>", "is not TOML", "mend that line"),
        (PROFILE.encode()[: len(PROFILE) // 2], "is not TOML", "mend that line"),
    ],
)
def test_an_empty_half_or_foreign_profile_is_refused(
    numeri: Numeri, profile: Path, content: bytes, sentence: str, cure: str
) -> None:
    profile.write_bytes(content)
    said = numeri("status", "--json")
    refused(said, exit_code=1, code=INVALID, sentence=sentence, cure=cure)
    assert profile.read_bytes() == content


def test_without_a_profile_nothing_falls_back_on_practice(numeri: Numeri, home: Path) -> None:
    for words in (["run"], ["train"], ["submit"], ["validate"]):
        said = numeri(*words, "--json")
        if words == ["submit"]:  # asks for the keys first
            refused(said, exit_code=3, code="keys_missing", sentence="no keys", cure="numeri login")
            continue
        refused(
            said,
            exit_code=1,
            code="profile_missing",
            sentence="there is no profile",
            cure="`--tournament practice`",
        )
    assert not (home / "data").exists()


def test_a_profile_asked_for_by_name_must_be_there(numeri: Numeri, profile: Path) -> None:
    said = numeri("run", "--profile", "other.toml", "--json")
    refused(said, exit_code=1, code="profile_missing", sentence="other.toml", cure="`numeri init`")


def test_a_model_that_the_profile_does_not_have_is_refused_with_the_nearest(
    numeri: Numeri, trained: Path
) -> None:
    for command in ("train", "predict", "submit", "validate"):
        said = numeri(command, "lighthose", "--json")
        refused(
            said,
            exit_code=1,
            code="model_unknown",
            sentence="the profile has no model 'lighthose'",
            cure="did you mean 'lighthouse'?",
        )


def test_a_model_that_the_account_does_not_have_fails_alone(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    other = PROFILE[PROFILE.index("[models") :].replace("lighthouse", "lighthous")
    profile.write_text(f"{PROFILE}\n{other}")
    said = numeri("run", "--json")
    refused(
        said,
        exit_code=1,
        code="model_unknown",
        sentence="lighthous: the account has no model 'lighthous'",
        cure="did you mean 'lighthouse'?",
    )
    assert [model["state"] for model in said.data["models"]] == ["accepted", "failed"]
    quiet = numeri("run", "--quiet")
    assert (quiet.code, quiet.out) == (1, "")
    assert quiet.err.startswith("error: lighthous: the account has no model")
    profile.write_text(PROFILE)
    assert numeri("run", "--json").data["models"][0]["state"] == "already accepted"


def test_a_mended_profile_trains(numeri: Numeri, trained: Path, profile: Path) -> None:
    profile.write_text(PROFILE.replace("max_depth", "max_deth"))
    assert numeri("train").code == 1
    profile.write_text(PROFILE)
    assert numeri("train").code == 0


def test_a_value_that_lightgbm_refuses_is_refused_in_its_words(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    before = kept(trained / "data" / "models")
    profile.write_text(PROFILE.replace("max_depth = 3", 'max_depth = "deep"'))
    said = numeri("train", "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "parameter_unknown"
    assert "max_depth should be of type int" in said.json["error"]["message"]
    assert "`params`" in said.json["error"]["hint"]
    assert kept(trained / "data" / "models") == before


@pytest.mark.parametrize("value", ['"much"', "-1", "{ a = 1 }"])
def test_of_a_parameter_of_a_wrong_type_nothing_but_our_sentence_is_seen(
    numeri: Numeri, trained: Path, profile: Path, value: str
) -> None:
    profile.write_text(PROFILE.replace("learning_rate = 0.1", f"learning_rate = {value}"))
    for command in ("train", "backtest"):
        said = numeri(command, "--quiet")
        assert (said.code, said.out) == (1, "")
        error, hint = said.err.splitlines()
        assert error.startswith("error: LightGBM refuses learning_rate = ")
        assert hint == "hint:  mend `params` of the model's estimator"


@pytest.mark.parametrize(
    ("added", "word"), [("monotone_constraints = [1]", "onotone"), ('device = "cuda"', "CUDA")]
)
def test_of_a_parameter_that_this_data_or_build_does_not_suit_our_sentence_alone_is_seen(
    numeri: Numeri, trained: Path, profile: Path, added: str, word: str
) -> None:
    profile.write_text(PROFILE.replace("max_depth = 3", f"max_depth = 3, {added}"))
    said = numeri("train", "--quiet")
    assert (said.code, said.out) == (1, "")
    error, hint = said.err.splitlines()
    assert error.startswith("error: LightGBM refuses")
    assert word in error
    assert hint == "hint:  mend `params` of the model's estimator"


def test_features_to_neutralize_against_must_exist(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    profile.write_text(PROFILE + '\n[models.lighthouse.neutralize]\nfeatures = "nope"\n')
    said = numeri("predict", "--json")
    refused(
        said,
        exit_code=1,
        code="feature_unknown",
        sentence="no feature set 'nope'",
        cure="fncv3_features",
    )
    assert list(Path.cwd().iterdir()) == [profile]
