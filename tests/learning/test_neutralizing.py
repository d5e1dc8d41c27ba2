"""Steps of neutralization, against sets, benchmarks and own files, beside those by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring as library

from numeri_cli.config import read_profile
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import FileForeign, FileMissing, ProfileInvalid
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.neutralizing import resolved
from numeri_cli.learning.prediction import predict_file
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import Neutralization
from numeri_cli.scoring.ranks import gaussianize
from tests.support.data_versions import Sample, SampleMaker, model_spec, workspace_of
from tests.support.heard import Heard

BENCHMARK = "v53_lgbm_ender20"
MODEL = model_spec(features="all", targets=("target_ender_20",), params={"n_estimators": 15})


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    return make_sample()


@pytest.fixture
def workspace(sample: Sample, tmp_path: Path) -> Workspace:
    (tmp_path / "profile").mkdir()
    return replace(workspace_of(sample), profile=tmp_path / "profile" / "numeri.toml")


@pytest.fixture
def artifact(workspace: Workspace) -> Artifact:
    return train("lighthouse", MODEL, workspace)


@pytest.fixture
def frame(sample: Sample) -> pd.DataFrame:
    """The validation data with a benchmark and two columns of one's own, which are written, too."""
    made = pd.read_parquet(sample.folder / "validation.parquet").set_index("id")
    rng = np.random.default_rng(2)
    made[BENCHMARK] = made["feature_000"] + rng.normal(size=len(made))
    made["style"], made["size"] = rng.normal(size=(2, len(made)))
    shuffled = made.sample(frac=1, random_state=1)
    path = sample.folder / "validation_benchmark_models.parquet"
    shuffled[["era", BENCHMARK]].assign(other=0.5).to_parquet(path)
    return made


def steps_of(text: str, tmp_path: Path) -> Neutralization:
    """As the profile has them."""
    path = tmp_path / "numeri.toml"
    path.write_text(f"[models.lighthouse]\n{text}\n")
    found = read_profile(path).models["lighthouse"].neutralization
    assert found is not None
    return found


def by_hand(
    frame: pd.DataFrame, artifact: Artifact, steps: list[tuple[list[str], float]]
) -> pd.Series:
    """With numerai-tools' own neutralization, era by era."""
    [member] = artifact.fitted().members
    features = list(artifact.contract.features)
    found = []
    for _, era in frame.groupby("era", sort=False):
        raw = member.predict(era[features].to_numpy(np.float32))
        left = pd.DataFrame({"p": gaussianize(raw)}, index=era.index)
        for columns, proportion in steps:
            left = library.neutralize(left, era[columns].astype(float), proportion)
        found.append(library.tie_kept_rank(left)["p"])
    made: pd.Series = pd.concat(found)
    return made


CASES = [
    (
        (
            'neutralize = [{ features = "small", proportion = 0.5 },'
            ' { features = "medium", proportion = 0.25 }]'
        ),
        [(["feature_000", "feature_001", "feature_002"], 0.5),
         ([f"feature_{n:03d}" for n in range(6)], 0.25)],
    ),
    (
        f'neutralize = {{ benchmark = "{BENCHMARK}", proportion = 1 }}',
        [([BENCHMARK], 1.0)],
    ),
    (
        (
        '[[models.lighthouse.neutralize]]\nfeatures = ["small", "-feature_001"]\n'
        '[[models.lighthouse.neutralize]]\nfile = "mine.csv"\nproportion = 0.75\n'
        '[[models.lighthouse.neutralize]]\nfeatures = ["feature_005"]\n'
        f'benchmark = ["{BENCHMARK}"]'
        ),
        [(["feature_000", "feature_002"], 0.5), (["style", "size"], 0.75),
         (["feature_005", BENCHMARK], 0.5)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "steps"), CASES)
def test_the_file_holds_what_each_step_has_left(
    workspace: Workspace,
    artifact: Artifact,
    frame: pd.DataFrame,
    tmp_path: Path,
    text: str,
    steps: list[tuple[list[str], float]],
) -> None:
    assert workspace.module_folder is not None
    frame[["style", "size"]].to_csv(workspace.module_folder / "mine.csv")
    wanted = resolved(steps_of(text, tmp_path), workspace.feature_file)
    data = DataFile.open(workspace.dataset / "validation.parquet")
    predict_file(artifact.fitted(), data, tmp_path / "p.parquet", neutralization=wanted)
    made = pd.read_parquet(tmp_path / "p.parquet").set_index("id")["prediction"]
    expected = by_hand(frame, artifact, steps)
    np.testing.assert_allclose(made.loc[expected.index], expected, rtol=0, atol=1e-9)
    plain = by_hand(frame, artifact, steps[:0])
    assert not np.allclose(made.loc[plain.index], plain, atol=1e-3)


def test_what_was_done_is_told_in_words(tmp_path: Path) -> None:
    text = CASES[2][0]
    words = "0.5 of small, -feature_001, then 0.75 of mine.csv, then 0.5 of feature_005 and "
    assert steps_of(text, tmp_path).words == words + BENCHMARK
    assert steps_of("", tmp_path).words == "0.5 of medium"


def test_a_step_of_proportion_0_is_none(tmp_path: Path) -> None:
    text = 'neutralize = [{ proportion = 0 }, { features = "small", proportion = 1 }]'
    assert steps_of(text, tmp_path).words == "1 of small"


def test_an_era_that_a_benchmark_does_not_know_is_told_and_one_that_it_knows_in_part_is_refused(
    workspace: Workspace, artifact: Artifact, frame: pd.DataFrame, tmp_path: Path
) -> None:
    path = workspace.dataset / "validation_benchmark_models.parquet"
    late = frame[frame["era"] > "0031"]
    late[["era", BENCHMARK]].to_parquet(path)
    wanted = Neutralization(features=(), benchmark=(BENCHMARK,), proportion=1.0)
    data = DataFile.open(workspace.dataset / "validation.parquet")
    heard = Heard()
    output = tmp_path / "p.parquet"
    predict_file(artifact.fitted(), data, output, neutralization=wanted, listener=heard)
    assert [text for text in heard.said if "0031" in text] == heard.said != []
    made = pd.read_parquet(output).set_index("id")["prediction"]
    first = frame[frame["era"] == "0031"]
    np.testing.assert_allclose(made.loc[first.index], by_hand(first, artifact, []), atol=1e-12)
    late.iloc[10:][["era", BENCHMARK]].to_parquet(path)
    with pytest.raises(FileForeign, match="lacks 10 of 40 ids of era 0032"):
        predict_file(artifact.fitted(), data, output, neutralization=wanted)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Neutralization(features=(), benchmark=("v9",)), "lacks v9"),
        (Neutralization(features=(), file="no.csv"), r"needs .*no\.csv"),
        (Neutralization(features=(), file="words.csv"), "no column of numbers"),
    ],
)
def test_columns_that_are_not_there_are_refused(
    workspace: Workspace,
    artifact: Artifact,
    frame: pd.DataFrame,
    tmp_path: Path,
    wanted: Neutralization,
    words: str,
) -> None:
    assert workspace.module_folder is not None
    (workspace.module_folder / "words.csv").write_text("id,a\nn1,x\n")
    data = DataFile.open(workspace.dataset / "validation.parquet")
    with pytest.raises((FileForeign, FileMissing), match=words):
        predict_file(
            artifact.fitted(),
            data,
            tmp_path / "p.parquet",
            neutralization=resolved(wanted, workspace.feature_file),
        )


def test_a_mistake_in_a_later_step_names_its_key_and_line(tmp_path: Path) -> None:
    path = tmp_path / "numeri.toml"
    path.write_text("[models.a]\nneutralize = [{ proportion = 1 }, { proportion = 3 }]\n")
    with pytest.raises(ProfileInvalid, match=r"line 2: models\.a\.neutralize\.proportion"):
        read_profile(path)
