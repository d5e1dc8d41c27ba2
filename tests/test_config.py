"""The profile: defaults, and an error for every way to get it wrong."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from numeri_cli.api.http.limits import Limits
from numeri_cli.config import (
    WireSettings,
    find_profile,
    profile_text,
    read_notify,
    read_profile,
    starter_profile,
)
from numeri_cli.errors import ModelUnknown, ProfileInvalid, ProfileMissing


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "numeri.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("practice", [True, False])
def test_the_written_profile_says_what_the_defaults_are(tmp_path: Path, practice: bool) -> None:
    text = profile_text("beacon", tournament="practice", practice=practice)
    profile = read_profile(written(tmp_path, text))
    default = starter_profile("beacon", tournament="practice")
    if practice:
        assert profile == default
    else:
        model, expected = profile.models["beacon"], default.models["beacon"]
        assert model.model_copy(update={"estimator": expected.estimator}) == expected


def test_what_the_written_profile_leaves_commented_can_be_switched_on(tmp_path: Path) -> None:
    text = profile_text("beacon", tournament="practice", practice=True)
    live = [
        line.removeprefix("# ")
        for line in text.splitlines()
        if re.match(r"# (\[|\w+ = )", line) or not line.startswith("#")
    ]
    profile = read_profile(written(tmp_path, "\n".join(live)))
    assert profile.models["beacon"].era_weights.half_life_eras == 200
    assert profile.wire.total_seconds == 60
    default = starter_profile("beacon", tournament="practice").models["beacon"]
    spec = profile.models["beacon"]
    assert spec.tune["learning_rate"].log == (0.003, 0.1)
    switched = {"era_weights": spec.era_weights, "tune": spec.tune}
    assert profile.models["beacon"] == default.model_copy(update=switched)


def test_everything_has_a_default_but_the_models_names(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path, "[models.a]\n[models.b]\n"))
    assert profile.tournament == "numerai"
    assert profile.models["a"] == profile.models["b"]
    assert profile.models["a"].neutralize is not None


@pytest.mark.parametrize(
    ("text", "said", "cure"),
    [
        ('tournamen = "x"\n[models.a]', "line 1: unknown key tournamen", "tournament"),
        ('[models.a]\n\nfeaturs = "x"', "line 3: unknown key models.a.featurs", "features"),
        ('[models.a.estimator]\nnme = "x"', "line 2: unknown key models.a.estimator.nme", "name"),
        ("[models.a]\nneutralize = { proportio = 1 }", "line 2: unknown key", "proportion"),
        ("[models.a]\nfeatures = 3", "line 2: models.a.features", "mend"),
        ("[models.a]\nneutralize = { proportion = 3 }", "line 2: models.a.neutralize", "mend"),
        ('[models.a]\nretrain = "4w"', 'must be "never" or a number of weeks', "mend"),
        ("[models.a.era_weights]\nequl = true", "line 2: unknown key models.a.era_w", "equal"),
        ("[models.a.era_weights]\nhalf_life_eras = 0", "line 2: models.a.era_weights.half", "mend"),
        ("[models.a.era_weights]\nhalf_life_eras = nan", "line 2: models.a.era_weights", "mend"),
        ("[models.a]\nera_weights = { equal = 1 }", "line 2: models.a.era_weights", "mend"),
        ("[models.a]\nera_stride = 0", "line 2: models.a.era_stride", "mend"),
        ('[models.a]\ndata = ["live"]', "line 2: models.a.data", "mend"),
        ("[models.a]\ntargets = []", "line 2: models.a.targets", "mend"),
        ("[wire]\nattempt = 3\n[models.a]", "line 2: unknown key wire.attempt", "attempts"),
        ("[wire]\nread_seconds = 0\n[models.a]", "line 2: wire.read_seconds", "mend"),
        ("[notify]\nweb = 3\n[models.a]", "line 2: unknown key notify.web", "webhook"),
        ('[notify]\non = ["failur"]\n[models.a]', "no event; did you mean 'failure'?", "mend"),
        ('[notify]\nshape = "slak"\n[models.a]', "is no shape; did you mean 'slack'?", "mend"),
        ('[notify]\nwebhook = "http://a.b/c"\n[models.a]', "line 2: notify.webhook", "mend"),
        ('[notify]\nwebhook = "http://127.a.b/c"\n[models.a]', "must begin with https", "mend"),
        ("no_progress_seconds = 1e300\n[models.a]", "line 1: no_progress_seconds", "mend"),
        ('[notify]\nwebhook = "a.b"\n[models.a]', "line 2: notify.webhook: must be an", "mend"),
        ('[notify]\nwebhook = "https://u:p@a.b"\n[models.a]', "no name or password", "mend"),
        ('[notify]\ncommand = [""]\n[models.a]', "the first word must be a program", "mend"),
        ('[models."a b"]', "'a b' cannot be a model's name", "mend"),
        ("", "no model is named", "[models."),
        ("x =", "is not TOML", "init"),
        ('data_version = "../v5"\n[models.a]', "must be a data version", "mend"),
    ],
)
def test_an_error_names_the_key_its_line_and_a_cure(
    tmp_path: Path, text: str, said: str, cure: str
) -> None:
    with pytest.raises(ProfileInvalid) as caught:
        read_profile(written(tmp_path, text))
    assert said in caught.value.message
    assert cure in caught.value.hint
    assert len(caught.value.message) < 600


def test_an_address_that_is_refused_is_not_repeated(tmp_path: Path) -> None:
    text = '[notify]\nwebhook = "ftp://a.b/hidden"\n[models.a]'
    with pytest.raises(ProfileInvalid) as caught:
        read_profile(written(tmp_path, text))
    assert "hidden" not in caught.value.message + caught.value.hint


def test_a_profile_that_is_wrong_elsewhere_still_says_whom_to_tell(tmp_path: Path) -> None:
    notify = '[notify]\nwebhook = "https://a.b/c"\n'
    for rest in ("[models.a]\n", "[models.a]\nfeaturs = 3\n", "nothing = 1\n"):
        path = written(tmp_path, rest + notify)
        assert read_notify(path).addresses == ["https://a.b/c"]
    for text in ("x =", '[notify]\nwebhook = "http://a.b/c"\n', "notify = 3\n"):
        assert read_notify(written(tmp_path, text)).addresses == []
    assert read_notify(tmp_path / "absent").addresses == []


def test_a_profile_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "numeri.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProfileInvalid, match="not UTF-8"):
        read_profile(path)


def test_the_nearest_model_is_named() -> None:
    profile = starter_profile("lighthouse", tournament="practice")
    with pytest.raises(ModelUnknown) as caught:
        profile.model("lighthose")
    assert "lighthouse" in caught.value.hint


def test_the_profile_here_goes_before_the_one_in_the_configuration_directory(
    tmp_path: Path,
) -> None:
    fallback = tmp_path / "config" / "numeri.toml"
    assert find_profile(None, fallback) is None
    fallback.parent.mkdir()
    fallback.touch()
    assert find_profile(None, fallback) == fallback
    Path("numeri.toml").touch()
    assert find_profile(None, fallback) == Path("numeri.toml").absolute()
    with pytest.raises(ProfileMissing):
        find_profile(Path("absent.toml"), fallback)


def test_the_wire_takes_what_is_said_and_keeps_what_is_not(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path, "[wire]\nread_seconds = 5\n[models.a]"))
    assert profile.wire.model_dump(exclude_none=True) == {"read_seconds": 5.0}


def test_every_key_of_the_wire_is_a_limit_of_the_client() -> None:
    names = {item.name for item in fields(Limits)}
    assert set(WireSettings.model_fields) <= names


def test_an_empty_model_of_the_real_tournament_is_what_init_writes_there(tmp_path: Path) -> None:
    full = read_profile(written(tmp_path, profile_text("a", tournament="numerai", practice=False)))
    empty = read_profile(written(tmp_path, "[models.a]\n"))
    assert empty.models["a"] == full.models["a"]
    assert empty.models["a"].estimator.params["n_estimators"] == 2000
    path = written(tmp_path, 'tournament = "practice"\n[models.a]\n')
    assert read_profile(path).models["a"].estimator.params["n_estimators"] == 200
    asked = read_profile(path, asked="numerai")
    assert asked.models["a"].estimator == full.models["a"].estimator


@pytest.mark.parametrize(
    ("content", "cause", "cure"),
    [
        (b"\xef\xbb\xbf[models.a]\n", "byte order mark", "without BOM"),
        (
            b"[models.a.estimator]\nparams = {\n  n_estimators = 5,\n}\n",
            "not TOML",
            "on one line: close it there, or write a section that ends with .params]",
        ),
    ],
)
def test_what_editors_and_habits_do_to_a_profile_is_told_with_its_cure(
    tmp_path: Path, content: bytes, cause: str, cure: str
) -> None:
    path = tmp_path / "numeri.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileInvalid, match=cause) as caught:
        read_profile(path)
    assert cure in caught.value.hint
