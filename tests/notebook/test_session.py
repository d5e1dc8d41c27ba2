"""`numeri.open(…)`: every method gives the numbers of its command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import numeri_cli
from numeri_cli.commands.context import Context
from numeri_cli.commands.load import load
from numeri_cli.errors import (
    FileForeign,
    KeysMissing,
    MemoryShort,
    ModelUnknown,
    ModelUntrained,
    PredictionsHeaders,
    PredictionsIds,
    PredictionsValues,
    ProfileInvalid,
    ProfileMissing,
    SubmissionStands,
    UsageProblem,
)
from numeri_cli.home import Home
from numeri_cli.notebook.session import Session
from tests.support.runner import Numeri

HEAVY = ("pandas", "numpy", "lightgbm", "pyarrow", "httpx", "rich", "scipy", "pydantic", "typer")


@pytest.fixture
def session(trained: Path) -> Session:
    return numeri_cli.open()


SCORED = "0049-0056"  # those that have a target; the purge would leave them out


def validation_table(home: Path) -> pa.Table:
    """The whole file as it was downloaded; pandas has written its ids as the index."""
    path = home / "data" / "datasets" / "practice" / "v5.3" / "validation.parquet"
    table = pq.read_table(path)
    return table.select(["id", *(name for name in table.column_names if name != "id")])


def test_importing_the_package_loads_nothing_that_is_heavy() -> None:
    script = (
        "import sys, numeri_cli as numeri; numeri.open;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_session_is_refused_at_once_where_profile_or_tournament_is_none() -> None:
    with pytest.raises(ProfileMissing):
        numeri_cli.open(profile="nothere.toml")
    with pytest.raises(UsageProblem):
        numeri_cli.open(tournament="atlantis")
    Path("numeri.toml").write_text("nonsense = 1\n[models.a]\n")
    with pytest.raises(ProfileInvalid, match="unknown key nonsense") as caught:
        numeri_cli.open()
    assert caught.value.__notes__ == [f"hint: {caught.value.hint}"]


def test_who_has_only_practiced_is_told_so_in_python() -> None:
    Home.find().practice.mkdir(parents=True)
    with pytest.raises(KeysMissing) as caught:
        numeri_cli.open().status()
    [note] = caught.value.__notes__
    assert note.startswith('hint: `numeri.open(tournament="practice")` needs none; `numeri login`')
    with pytest.raises(ProfileMissing, match="no profile") as without:
        numeri_cli.open().train()
    assert "without an account try `numeri.open" in without.value.hint


def test_what_is_loaded_are_the_rows_of_the_file(session: Session, home: Path) -> None:
    whole = validation_table(home).to_pandas()
    frame = session.load("validation", columns=["small", "target_ender_20"], eras="0050-0052")
    small = [name for name in frame.columns if name.startswith("feature_")]
    assert list(frame.columns) == ["era", *small, "target_ender_20"]
    assert 0 < len(small) < len([name for name in whole.columns if name.startswith("feature_")])
    assert set(frame["era"]) == {"0050", "0051", "0052"}
    assert {str(kind) for kind in frame[small].dtypes} == {"int8"}
    pd.testing.assert_frame_equal(frame, whole.loc[frame.index, frame.columns])
    assert len(frame) == int(whole["era"].isin(["0050", "0051", "0052"]).sum())


def test_all_columns_come_as_an_arrow_table_where_that_is_asked_for(
    session: Session, home: Path
) -> None:
    table = session.load(arrow=True)
    assert isinstance(table, pa.Table)
    whole = validation_table(home).replace_schema_metadata()
    pd.testing.assert_frame_equal(table.to_pandas(), whole.to_pandas())  # NaN equals no NaN
    assert "numerai_meta_model" in session.load("meta_model").columns


def test_a_column_that_is_not_there_is_refused_with_the_nearest(session: Session) -> None:
    with pytest.raises(FileForeign, match="no column 'target_ender_6'") as caught:
        session.load(columns=["target_ender_6"])
    assert caught.value.hint == "did you mean 'target_ender_60'?"
    with pytest.raises(UsageProblem, match="no era '9999'"):
        session.load(columns="small", eras=["9999"])


def test_what_would_not_fit_is_refused_before_it_is_read(trained: Path) -> None:
    context = Context(home=Home.find())
    with pytest.raises(MemoryShort, match=r"rows × \d+ columns of validation.parquet need"):
        load(context, memory_bytes=10_000)
    assert load(context, columns=[], eras="0050", memory_bytes=100_000).num_rows == 150
    context.close()


def test_predictions_are_those_of_the_command(session: Session, numeri: Numeri) -> None:
    assert numeri("predict", "--data", "validation", "--output", "own.parquet").code == 0
    frame = session.predict("lighthouse", data="validation")
    own = pq.read_table("own.parquet").to_pandas().set_index("id")
    pd.testing.assert_frame_equal(frame, own)
    assert list(session.predict("lighthouse").columns) == ["prediction"]
    with pytest.raises(ModelUnknown):
        session.predict("lighthous")


def test_scores_of_a_frame_are_those_that_validate_prints_of_the_file(
    session: Session, numeri: Numeri
) -> None:
    frame = session.predict("lighthouse", data="validation")
    numeri("predict", "--data", "validation", "--output", "frame.parquet")
    options = ("--eras", SCORED, "--per-era", "eras.parquet", "--json")
    said = numeri("validate", "frame.parquet", *options)
    scores = session.score(frame, eras=SCORED)
    [told] = said.data["sources"]
    assert scores.target == said.data["target"]
    for score, figures in told["scores"].items():
        for figure, value in figures.items():
            ours = scores.summary.loc[("frame", score), figure]
            assert ours == value or (value is None and np.isnan(ours)), (score, figure)
    pd.testing.assert_frame_equal(scores.per_era, pq.read_table("eras.parquet").to_pandas())
    assert scores.sources[0].seen_in_training == told["seen_in_training"]
    shown = {line.split()[-4]: line.split()[-2] for line in repr(scores).splitlines()[3:-1]}
    assert shown["corr"] != "–"
    assert shown["max_exposure"] == shown["cwmm"] == "–"  # of which a Sharpe says nothing


def test_a_frame_that_a_model_made_is_marked_where_its_training_has_seen_the_eras(
    session: Session, numeri: Numeri, capfd: pytest.CaptureFixture[str]
) -> None:
    frame = session.predict("lighthouse", data="train")
    scores = session.score(frame, data="train")
    [warning] = [one for one in scores.warnings if "not out of its sample" in one]
    assert warning.startswith("frame was trained on eras up to")
    assert warning in capfd.readouterr().err
    assert (scores.sources[0].seen_in_training or 0) > 0
    stranger = pd.DataFrame({"id": frame.index, "prediction": frame["prediction"].to_numpy()})
    assert session.score(stranger, data="train").sources[0].seen_in_training is None


def test_frames_series_and_tables_are_scored_side_by_side(session: Session) -> None:
    frame = session.predict("lighthouse", data="validation")
    table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False)
    both = session.score(
        {"a": frame, "b": 1 - frame["prediction"], "c": table}, eras=["0050-0055"]
    ).summary["mean"]
    assert both["a", "corr"] == both["c", "corr"] == pytest.approx(-both["b", "corr"])


def test_a_word_of_validate_is_scored_too(session: Session, numeri: Numeri) -> None:
    [told] = numeri("validate", "lighthouse", "--eras", SCORED, "--json").data["sources"]
    summary = session.score("lighthouse", eras=SCORED).summary
    assert summary.loc[("lighthouse", "corr"), "mean"] == told["scores"]["corr"]["mean"]


def test_a_frame_without_ids_twice_the_same_or_with_texts_is_refused(session: Session) -> None:
    frame = session.predict("lighthouse", data="validation")
    with pytest.raises(PredictionsHeaders, match="frame needs ids"):
        session.score(frame.reset_index(drop=True))
    with pytest.raises(PredictionsHeaders, match="its columns are era, forecast"):
        session.score(frame.rename(columns={"prediction": "forecast"}))
    with pytest.raises(PredictionsIds, match="ids twice"):
        session.score(pd.concat([frame, frame.head(3)]))
    with pytest.raises(PredictionsValues, match="no numbers"):
        session.score(frame.assign(prediction="high"))
    with pytest.raises(PredictionsValues, match="no numbers"):
        session.score(frame.assign(prediction=["high", *frame["prediction"][1:]]))


def test_training_is_that_of_the_command(session: Session, numeri: Numeri) -> None:
    [ours] = session.train("lighthouse").models
    [theirs] = numeri("train", "lighthouse", "--json").data["models"]
    assert (ours.rows, ours.trees, list(ours.targets)) == (
        theirs["rows"],
        theirs["trees"],
        theirs["targets"],
    )
    trees = [folder / "member-0.txt" for folder in (ours.folder, Path(theirs["folder"]))]
    texts = [sorted(path.read_bytes() for path in tree.parent.glob("*.txt")) for tree in trees]
    assert texts[0] == texts[1] != []
    assert session.predict("lighthouse", artifact=ours.artifact).attrs["artifact"] == ours.artifact


def test_a_frame_goes_into_the_round_and_is_replaced_only_when_that_is_said(
    session: Session, numeri: Numeri
) -> None:
    live = session.predict("lighthouse")
    with pytest.raises(UsageProblem, match="a frame is for a model"):
        session.submit(live)
    [checked] = session.submit(live, model="lighthouse", dry_run=True).models
    assert (checked.state, numeri("status").code) == ("checked", 1)
    [first] = session.submit(live, model="lighthouse").models
    [standing] = numeri("status", "--json").data["models"]
    assert (standing["status"], standing["server_id"]) == ("on-time", first.server_id)
    other = live.assign(prediction=1 - live["prediction"])
    with pytest.raises(SubmissionStands) as caught:
        session.submit(other, model="lighthouse")
    assert caught.value.hint == "submit(…, replace=True) puts this in its place"
    [second] = session.submit(other, model="lighthouse", replace=True).models
    assert second.replaces == first.server_id
    assert numeri("status", "--json").data["models"][0]["server_id"] == second.server_id
    with pytest.raises(ModelUnknown):
        session.submit(live, model="nobody")


def test_a_model_that_was_never_trained_is_an_error_with_its_cure(practice: Path) -> None:
    with pytest.raises(ModelUntrained) as caught:
        numeri_cli.open(tournament="practice").predict("lighthouse")
    assert caught.value.__notes__ == [f"hint: {caught.value.hint}"]


@pytest.mark.usefixtures("past")
def test_live_scores_are_those_of_the_command(numeri: Numeri) -> None:
    scores = numeri_cli.open().scores("lighthouse")
    [told] = numeri("scores", "lighthouse", "--json").data["models"]
    rows = [*told["open_rounds"], *told["resolved_rounds"]]
    assert len(rows) == len(scores.per_round) > 0
    assert scores.per_round["value"].tolist() == [row["value"] for row in rows]
    assert scores.per_round["round_number"].tolist() == [row["round_number"] for row in rows]
    assert scores.means["mean"].tolist() == [mean["mean"] for mean in told["means"]] != []


def test_a_backtest_gives_the_figures_and_files_of_the_command(
    session: Session, numeri: Numeri, profile: Path
) -> None:
    both = 'features = "medium"\ndata = ["train", "validation"]'
    profile.write_text(profile.read_text().replace('features = "medium"', both))
    told = numeri("backtest", "--window", "30", "--stride", "2", "--json").data
    walked = session.backtest(window=30, stride=2)
    [ours], [theirs] = walked.models, told["models"]
    for name in ("rows", "eras", "windows", "purge_eras"):
        assert getattr(ours, name) == theirs[name], name
    assert str(ours.path) == theirs["path"]
    [source] = told["validation"]["sources"]
    assert walked.scores is not None
    mean = walked.scores.summary.loc[("lighthouse@backtest", "corr"), "mean"]
    assert mean == source["scores"]["corr"]["mean"]
    assert repr(walked).startswith("lighthouse: ")


def test_the_status_is_that_of_the_command(session: Session, numeri: Numeri) -> None:
    def told() -> list[tuple[str, str, str | None]]:
        found = numeri("status", "--json").data["models"]
        return [(one["model"], one["status"], one["server_id"]) for one in found]

    assert numeri("submit", "lighthouse").code == 0
    ours = session.status()
    assert [(one.model, one.status, one.server_id) for one in ours.models] == told()
    assert (ours.source, ours.models[0].accepted) == ("server", True)
