"""What the profile may say of a search, and what becomes of a trial's values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from numeri_cli.commands.tune.candidates import candidate
from numeri_cli.config import read_profile
from numeri_cli.errors import ProfileInvalid
from numeri_cli.model_spec import ModelSpec
from numeri_cli.search_space import MODEL_KEYS

HEAD = "[models.lighthouse]\n[models.lighthouse.tune]\n"


def spec_of(lines: str, head: str = HEAD) -> ModelSpec:
    Path("numeri.toml").write_text(head + lines)
    return read_profile(Path("numeri.toml"), asked="practice").models["lighthouse"]


def test_a_space_stands_in_the_profile_and_in_no_artifact() -> None:
    spec = spec_of(
        "learning_rate = { log = [0.003, 0.1] }\n"
        'features = { choice = ["small", ["medium", "-charisma"]] }\n'
        "neutralize.proportion = { range = [0, 1] }\n"
    )
    assert {name: one.words for name, one in spec.tune.items()} == {
        "learning_rate": "0.003 to 0.1, by magnitude",
        "features": 'small | ["medium", "-charisma"]',
        "neutralize.proportion": "0 to 1",
    }
    assert "tune" not in json.loads(spec.model_dump_json())


SEARCHED = {name.partition(".")[0] for name in MODEL_KEYS}


@pytest.mark.parametrize("key", sorted(set(ModelSpec.model_fields) - SEARCHED))
def test_no_other_key_of_a_model_is_taken_for_a_parameter_of_its_estimator(key: str) -> None:
    with pytest.raises(ProfileInvalid, match="cannot be searched"):
        spec_of(f"{key} = {{ choice = [1, 2] }}\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("learning_rate = { lgo = [0.003, 0.1] }", "one of log, range and choice"),
        ("learning_rate = 0.1", "one of log, range and choice"),
        ("learning_rate = { log = [0.1, 0.003] }", "below the second"),
        ("learning_rate = { log = [0.0, 0.1] }", "above 0"),
        ("learning_rate = { log = [0.1, 0.2], range = [1, 2] }", "one of log, range and choice"),
        ("learning_rate = { log = [0.1, 0.2], step = 0.1 }", "beside a range"),
        ("learning_rate = { choice = [1, 1] }", "two different values"),
        ("learning_rate = { range = [0.1, inf] }", "below the second"),
        ("seeds = { choice = [[1], [2]] }", "cannot be searched"),
        ("neutralize.proprtion = { range = [0, 1] }", "cannot be searched"),
    ],
)
def test_a_space_that_is_none_is_refused_with_the_key(line: str, words: str) -> None:
    with pytest.raises(ProfileInvalid) as refused:
        spec_of(line)
    assert words in refused.value.message
    assert line.partition(" ")[0].partition(".")[0] in refused.value.message


def test_a_trials_values_go_where_the_profile_has_them() -> None:
    spec = spec_of(
        "num_leaves = { range = [15, 127] }",
        head='[models.lighthouse]\nneutralize = [{ features = "small" }, { features = "all" }]\n'
        '[models.lighthouse.estimator]\nname = "lightgbm"\nparams = { max_depth = 4 }\n'
        "[models.lighthouse.tune]\n",
    )
    values = {
        "num_leaves": 20,
        "params.features": 3,
        "features": ["small", "-x"],
        "targets": "target_ender_20",
        "neutralize.proportion": 0.25,
        "era_weights.half_life_eras": 90.0,
    }
    found = candidate("lighthouse", spec, values)
    assert found.estimator.params == {"max_depth": 4, "num_leaves": 20, "features": 3}
    assert found.features == ("small", "-x")
    assert found.targets == ("target_ender_20",)
    assert found.neutralize is not None
    assert [(one.features, one.proportion) for one in found.neutralize.steps] == [
        ("small", 0.25),
        ("all", 0.5),
    ]
    assert found.era_weights.half_life_eras == 90.0
    assert spec.estimator.params == {"max_depth": 4}


def test_a_value_that_no_model_can_have_is_refused_by_name() -> None:
    spec = spec_of("neutralize.proportion = { range = [0, 2] }")
    with pytest.raises(ProfileInvalid, match=r"neutralize\.proportion"):
        candidate("lighthouse", spec, {"neutralize.proportion": 2.0})
