"""A score that a model knows from its training is never shown without that word."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.support.runner import PROFILE, Numeri

WORDS = "seen in training"
ON_VALIDATION = PROFILE.replace(
    'features = "medium"', 'features = "medium"\ndata = ["train", "validation"]'
)
STOPPED_EARLY = ON_VALIDATION.replace(
    'features = "medium"', 'features = "medium"\nearly_stopping_eras = 2'
)


def trained_on(numeri: Numeri, profile: str) -> dict[str, object]:
    """Train it; what its artifact says."""
    Path("numeri.toml").write_text(profile)
    said = numeri("train", "--json")
    assert said.code == 0, said.out
    contract = Path(said.data["models"][0]["folder"]) / "model.json"
    return dict(json.loads(contract.read_text()))


def test_run_marks_what_the_model_has_seen(practice: Path, numeri: Numeri) -> None:
    trained_on(numeri, ON_VALIDATION)
    assert numeri("download", "validation").code == 0
    said = numeri("run")
    assert said.code == 0, said.err
    assert WORDS in " ".join(said.out.split())
    table = [line for line in said.out.splitlines() if "  " in line]  # a sentence is a line
    assert max(map(len, table)) <= 80
    numeri("practice", "advance")
    figures = numeri("run", "--json").model["validation"]
    assert 0 < figures["seen_in_training"] <= figures["eras"]


def test_run_says_nothing_of_what_is_out_of_sample(trained: Path, numeri: Numeri) -> None:
    numeri("practice", "advance", "--rounds", "4")
    assert numeri("download", "validation").code == 0
    said = numeri("run")
    assert "eras of validation data" in said.out
    assert WORDS not in said.out
    numeri("practice", "advance")
    figures = numeri("run", "--json").model["validation"]
    assert figures["seen_in_training"] == 0
    assert figures["corr_mean"] is not None


@pytest.mark.parametrize("raw", [(), ("--raw",)])
def test_validate_marks_it_in_the_table_in_json_and_on_the_page(
    practice: Path, numeri: Numeri, raw: tuple[str, ...]
) -> None:
    trained_on(numeri, ON_VALIDATION)
    said = numeri("validate", *raw)
    assert said.code == 0, said.err
    head = " ".join(said.out[: said.out.index("CORR mean")].split())
    assert WORDS in head or "eras seen in" in head
    shown = numeri("validate", *raw, "--json").data
    for source in shown["sources"]:
        assert 0 < source["seen_in_training"] <= shown["eras"]
    page = Path(shown["report"]).read_text()
    assert f"{WORDS})" in page[page.index('id="scores"') :]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_that_an_artifact_of_here_made_carries_the_word_in_validate_and_diagnostics(
    practice: Path, numeri: Numeri, suffix: str
) -> None:
    numeri("practice", "advance", "--rounds", "4")
    trained_on(numeri, ON_VALIDATION)
    file = Path(f"mine{suffix}")
    assert numeri("predict", "--data", "validation", "--output", file).code == 0
    moved = file.rename(f"moved{suffix}")
    said = numeri("validate", moved)
    assert said.code == 0, said.err
    assert WORDS in " ".join(said.out.split()) or "eras seen in" in " ".join(said.out.split())
    shown = numeri("validate", moved, "--json").data
    assert 0 < shown["sources"][0]["seen_in_training"] <= shown["eras"]
    compared = numeri("diagnostics", moved, "--json")
    assert compared.code == 0, compared.out
    told = compared.data
    assert "was trained on eras up to" in " ".join(told["warnings"])
    # with one row changed it is nobody's, and nothing is said of it
    table = pd.read_csv(moved) if suffix == ".csv" else pd.read_parquet(moved)
    table.loc[0, "prediction"] = 0.5
    table[["id", "prediction"]].to_csv("changed.csv", index=False)
    changed = numeri("validate", "changed.csv", "--json").data
    assert changed["sources"][0]["seen_in_training"] is None
    assert "was trained on" not in " ".join(changed["warnings"])


def test_raw_is_refused_where_no_model_is_neutralized_and_said_where_one_is_not(
    practice: Path, numeri: Numeri
) -> None:
    numeri("practice", "advance", "--rounds", "4")
    plain = PROFILE + "\n[models.lighthouse.neutralize]\nproportion = 0.0\n"
    trained_on(numeri, plain)
    said = numeri("validate", "--raw", "--json")
    assert (said.code, said.json["error"]["code"]) == (2, "usage")
    assert "neutralization" in said.json["error"]["message"]
    second = PROFILE[PROFILE.index("[models.") :].replace("lighthouse", "beacon")
    numeri("practice", "add-model", "beacon")
    Path("numeri.toml").write_text(plain + second)
    assert numeri("train", "beacon").code == 0
    both = numeri("validate", "--raw", "--json")
    assert both.code == 0, both.out
    assert [one["name"] for one in both.data["sources"]] == ["lighthouse", "beacon", "beacon-raw"]
    assert any("lighthouse has no neutralization" in one for one in both.data["warnings"])


def test_held_out_eras_are_seen_too(practice: Path, numeri: Numeri) -> None:
    contract = trained_on(numeri, STOPPED_EARLY)
    held_out = contract["held_out_eras"]
    assert isinstance(held_out, list)
    assert len(held_out) == 2
    assert not set(held_out) & set(contract["eras"])  # type: ignore[call-overload]
    shown = numeri("validate", "--eras", f"{held_out[0]}-{held_out[-1]}", "--json").data
    assert [source["seen_in_training"] for source in shown["sources"]] == [2]


def test_eras_near_the_training_are_marked_where_they_are_asked_for(
    trained: Path, numeri: Numeri
) -> None:
    numeri("practice", "advance", "--rounds", "4")
    assert numeri("download", "validation").code == 0
    words = ("validate", "--eras", "0049-0060")
    shown = numeri(*words, "--json").data
    [source] = shown["sources"]
    assert 0 < source["seen_in_training"] < shown["eras"]
    counted = f"{source['seen_in_training']} of {shown['eras']} eras {WORDS}"
    assert counted in " ".join(numeri(*words).out.split())


def test_run_names_each_models_own_target(practice: Path, numeri: Numeri) -> None:
    second = ON_VALIDATION[PROFILE.index("[models.") :].replace("lighthouse", "beacon")
    Path("numeri.toml").write_text(ON_VALIDATION + second.replace("ender_20", "ender_60"))
    numeri("practice", "add-model", "beacon")
    numeri("practice", "advance", "--rounds", "4")  # until a 60-day target is known
    assert numeri("download", "validation").code == 0
    said = numeri("run")
    assert said.code == 0, said.err
    rows = [line.split() for line in said.out.splitlines() if "on-time" in line]
    assert [(row[0], row[-1]) for row in rows] == [
        ("lighthouse", "target_ender_20"),
        ("beacon", "target_ender_60"),
    ]
