"""Each check finds its planted fault, and nothing in a function without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from numeri_cli.hosted.answers import unfit_answer
from numeri_cli.hosted.causes import Circumstances
from numeri_cli.hosted.checks import findings_of, of_modules, of_sandbox
from numeri_cli.hosted.findings import HostedFinding
from numeri_cli.hosted.pickle_contents import PickleContents, look_into
from numeri_cli.hosted.sandbox import Run, SandboxLimits
from numeri_cli.hosted.tables import lay_out
from tests.support.hosted_pickles import (
    FEATURES,
    SmallRound,
    called_here,
    some_environment,
    sound,
    unfit,
    warned,
)

Function = Callable[..., Any]


def judged(
    function: Function,
    folder: Path,
    tried_on: SmallRound,
    *,
    parameters: int = 1,
    expected: dict[str, float] | None = None,
) -> list[HostedFinding]:
    """What is found where a function is called as the sandbox calls it."""
    tables = lay_out(folder, tried_on.live, tried_on.benchmarks)
    given = Circumstances(
        environment=some_environment(),
        limits=SandboxLimits(),
        contents=PickleContents((), (), holds_code=True),
    )
    run = called_here(function, folder, tables, parameters=parameters)
    return findings_of(run, given, tables, expected)


def changed(change: Callable[[pd.DataFrame], Any]) -> Function:
    """The sound function, its answer changed."""
    return lambda live: change(sound(live))


def of_columns(columns: Callable[[pd.DataFrame], pd.DataFrame]) -> Function:
    """The sound function on some columns, in the place of the right ones."""

    def predict(live: pd.DataFrame) -> Any:
        wrong = columns(live)
        wrong.columns = pd.Index(FEATURES)
        return sound(wrong)

    return predict


def test_a_sound_function_has_nothing_to_mend(tmp_path: Path, tried_on: SmallRound) -> None:
    found = judged(sound, tmp_path, tried_on)
    assert unfit(found) == {}
    assert warned(found) == {}
    checks = [one.check for one in found]
    assert {"rows", "columns", "int8", "float32", "missing feature"} <= set(checks)


@pytest.mark.parametrize(
    ("function", "check", "said"),
    [
        (changed(lambda found: found["prediction"]), "table", "it returns a Series"),
        (changed(lambda found: found.iloc[:0]), "table", "it returns an empty DataFrame"),
        (changed(lambda found: found.astype(str) + "x"), "table", "holds no numbers"),
        (
            changed(lambda found: found.rename(index=lambda one: f"x{one}")),
            "ids",
            "its ids are not those of the live data: 200 of 200 are missing, 200 are others",
        ),
        (changed(lambda found: found.reset_index(drop=True)), "ids", "its ids are not those"),
        (changed(lambda found: found.iloc[:-5]), "ids", "5 of 200 are missing"),
        (
            changed(lambda found: pd.concat([found, found.iloc[:2]])),
            "ids",
            "2 ids stand there more than once",
        ),
        (changed(lambda found: found.iloc[::-1]), "order", "its rows are in another order"),
        (
            changed(lambda found: found.where(found > 0.1)),
            "values",
            "of 200 predictions are NaN",
        ),
        (
            changed(lambda found: found * 2),
            "values",
            "101 of 200 predictions are not between",
        ),
        (changed(lambda found: found * 0 + 0.5), "spread", "all predictions are the same, 0.5"),
    ],
)
def test_an_answer_that_is_no_prediction_is_told_by_its_fault(
    tmp_path: Path, tried_on: SmallRound, function: Function, check: str, said: str
) -> None:
    found = judged(function, tmp_path, tried_on)
    assert said in unfit(found)[check]


@pytest.mark.parametrize(
    ("function", "check", "said"),
    [
        (
            of_columns(lambda live: live.iloc[:, 1:7]),
            "columns",
            "where the columns are in another order",
        ),
        (
            changed(lambda found: found.assign(prediction=(np.arange(200) + 0.5) / 200)),
            "rows",
            "it predicts otherwise where the rows are in another order",
        ),
    ],
)
def test_a_copy_that_changes_the_predictions_is_told(
    tmp_path: Path, tried_on: SmallRound, function: Function, check: str, said: str
) -> None:
    assert said in unfit(judged(function, tmp_path, tried_on))[check]


def test_a_function_that_depends_on_the_type_of_the_features_is_told(
    tmp_path: Path, tried_on: SmallRound
) -> None:
    def overflows(live: pd.DataFrame) -> Any:
        return sound(live[list(FEATURES)] * live[list(FEATURES)].dtypes.iloc[0].type(100))

    found = unfit(judged(overflows, tmp_path, tried_on))
    assert found["float32"].startswith("it predicts otherwise where the features are float32")

    def wants_int8(live: pd.DataFrame) -> Any:
        if live["feature_amber"].dtype != np.int8 and not live["feature_amber"].isna().any():
            raise TypeError("only bins are known")
        return sound(live)

    found = unfit(judged(wants_int8, tmp_path, tried_on))
    assert "only bins are known" in found["float32"]


def test_predictions_that_are_nearly_all_tied_are_told() -> None:
    ids = [f"n{number}" for number in range(1000)]
    values = [0.4 if number % 2 else 0.6 for number in range(1000)]
    answer = {"kind": "DataFrame", "columns": ["prediction"], "ids": ids, "values": values}
    [found] = unfit_answer(answer, ids)
    assert found.message == "there are only 2 different predictions for 1,000 ids"


def test_what_a_gap_in_the_data_does_is_a_warning(tmp_path: Path, tried_on: SmallRound) -> None:
    def unready(live: pd.DataFrame, benchmarks: pd.DataFrame) -> Any:
        if live["feature_amber"].isna().any():
            raise ValueError("Input X contains NaN")
        return sound(live) * 0.5 + benchmarks[["v5_lgbm"]].reindex(live.index).to_numpy() * 0.5

    found = judged(unready, tmp_path, tried_on, parameters=2)
    assert unfit(found) == {}
    assert "Input X contains NaN" in warned(found)["missing feature"]
    assert "benchmark models' file is missing" in warned(found)["missing benchmarks"]


def test_benchmark_models_that_are_not_aligned_by_id_are_told(
    tmp_path: Path, tried_on: SmallRound
) -> None:
    def by_position(live: pd.DataFrame, benchmarks: pd.DataFrame) -> Any:
        if not benchmarks.shape[1]:
            return sound(live)
        return sound(live) * 0.5 + benchmarks[["v5_lgbm"]].to_numpy() * 0.5

    found = unfit(judged(by_position, tmp_path, tried_on, parameters=2))
    assert found["rows"].startswith("it predicts otherwise where the rows are in another order")


def test_predictions_other_than_those_of_numeri_predict_are_told(
    tmp_path: Path, tried_on: SmallRound
) -> None:
    tables = lay_out(tmp_path, tried_on.live, None)
    answer = called_here(sound, tmp_path, tables).steps["live"].answer
    assert answer is not None
    own = dict(zip(answer["ids"], answer["values"], strict=True))
    assert "same" not in unfit(judged(sound, tmp_path, tried_on, expected=own))
    other = own | {"n0007": own["n0007"] + 2e-9}
    found = unfit(judged(sound, tmp_path, tried_on, expected=other))
    assert found["same"] == "it predicts otherwise than `numeri predict`: by up to 2e-09"


def test_a_function_of_three_arguments_is_told(tmp_path: Path, tried_on: SmallRound) -> None:
    found = unfit(judged(sound, tmp_path, tried_on, parameters=3))
    assert found == {"predicts": "it takes 3 arguments, and the runner gives one or two"}


def test_a_function_of_a_notebook_that_is_pickled_by_its_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"c__main__\npredict\n.")
    contents = look_into(path)
    assert contents.by_reference == ("__main__",)
    assert "pickled by its name only" in unfit(of_modules(contents))["modules"]
    path.write_bytes(b"ctorch.nn\nLinear\n.")
    assert "only some of Numerai's images" in warned(of_modules(look_into(path)))["modules"]


def test_where_the_kernel_does_not_confine_a_pickle_that_is_said_as_of_the_network() -> None:
    for network, confined in ((True, True), (True, False), (False, True)):
        run = Run(at="live", network_cut=network, confined=confined)
        said = warned(of_sandbox(run, some_environment()))
        assert list(said) == [*([] if network else ["network"]), *([] if confined else ["files"])]
        assert said.get("files", "files not out of reach").startswith("files not out of reach")
