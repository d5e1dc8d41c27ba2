"""Which eras and features train a model, and how much each era counts: by hand beside the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.commands.profile_differences import differing_keys
from numeri_cli.errors import FileForeign, FileMissing, UsageProblem
from numeri_cli.learning.backtest import backtest
from numeri_cli.learning.era_weights import FileWeights, row_weights
from numeri_cli.learning.plan import Keep, MachineMember, PlannedMember, TrainingPlan
from numeri_cli.learning.rows import rows_of_eras
from numeri_cli.learning.training import train
from numeri_cli.learning.training_data import open_training_data
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import EraWeights
from tests.support.data_versions import SampleMaker, changed, model_spec, workspace_of

MODEL = model_spec(features="all", targets=("target_ender_20",), params={"n_estimators": 5})


@pytest.fixture
def workspace(make_sample: SampleMaker, tmp_path: Path) -> Workspace:
    profile = tmp_path / "profile" / "numeri.toml"
    profile.parent.mkdir()
    return replace(workspace_of(make_sample()), profile=profile)


@dataclass
class BrokenOff:
    """Machines that give one member back, and are interrupted then.

    asked: for how many members
    """

    way: str
    asked: int = 0

    def train(self, plan: TrainingPlan, members: Sequence[PlannedMember], *, keep: Keep) -> None:
        """Keep a member that nobody opens."""
        self.asked = len(members)
        made = MachineMember(content=b"tree", rows=1, dropped_rows=0, trees=1, machine="far")
        keep(members[0], made)
        raise KeyboardInterrupt


@pytest.mark.parametrize(("ways", "left"), [(("", ""), 1), (("", "rows"), 2), (("rows", ""), 2)])
def test_a_member_is_kept_for_a_training_that_is_shared_out_in_the_same_way(
    workspace: Workspace, ways: tuple[str, str], left: int
) -> None:
    two = changed(MODEL, targets=("target_ender_20", "target_ender_60"))
    broken = [BrokenOff(way) for way in ways]
    for machines in broken:
        with pytest.raises(KeyboardInterrupt):
            train("lighthouse", two, workspace, machines=machines)
    assert [one.asked for one in broken] == [2, left]


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{number:04d}" for number in numbers)


@pytest.mark.parametrize(
    ("window", "stride", "eras"),
    [
        ("0005-0009", 1, names(5, 6, 7, 8, 9)),
        (("0001-0003", "0028"), 1, names(1, 2, 3, 28)),
        ("0010-0020", 4, names(10, 14, 18)),
        (None, 7, names(1, 8, 15, 22, 29)),
    ],
)
def test_a_model_is_trained_on_the_eras_of_its_window_and_stride(
    workspace: Workspace, window: object, stride: int, eras: tuple[str, ...]
) -> None:
    spec = changed(MODEL, train_window=window, era_stride=stride)
    contract = train("lighthouse", spec, workspace).contract
    assert contract.eras == eras
    assert contract.members[0].rows == 40 * len(eras)


def test_a_window_without_any_era_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageProblem, match="no era '0900-0950'"):
        train("lighthouse", changed(MODEL, train_window="0900-0950"), workspace)


def test_a_backtest_trains_within_the_window_and_skips_what_lies_before_it(
    workspace: Workspace,
) -> None:
    spec = changed(MODEL, data=("train", "validation"), train_window="0006-0020")
    walked = backtest("lighthouse", spec, workspace, window=12)
    trained = [
        (step.train_eras[0], step.train_eras[-1], len(step.test_eras)) for step in walked.windows
    ]
    assert trained == [("0006", "0016", 12), ("0006", "0020", 4)]
    assert walked.eras == names(*range(25, 41))


def weights_file(workspace: Workspace, lines: str, name: str = "weights.csv") -> str:
    assert workspace.module_folder is not None
    (workspace.module_folder / name).write_text(f"era,weight\n{lines}")
    return name


def test_the_weights_of_a_file_are_those_of_the_rows(workspace: Workspace) -> None:
    name = weights_file(workspace, "".join(f"{era},{1 + era % 3}\n" for era in range(1, 41)))
    weights = EraWeights(file=name)
    data = open_training_data(changed(MODEL, era_weights=weights), workspace)
    rows = rows_of_eras(data.sources, names(3, 4, 5))
    found = row_weights(rows, weights, data.era_weights)
    assert found is not None
    assert found.tolist() == pytest.approx(np.repeat([0.5, 1.0, 1.5], 40).tolist())
    both = row_weights(rows, EraWeights(file=name, half_life_eras=1), data.era_weights)
    assert both is not None
    expected = np.repeat([1 / 4, 2 / 2, 3.0], 40) / (4.25 / 3)
    assert both.tolist() == pytest.approx(expected.tolist())


def test_other_weights_in_the_file_make_another_model_though_a_training_was_broken_off(
    workspace: Workspace,
) -> None:
    lines = "".join(f"{era},{era}\n" for era in range(1, 41))
    spec = changed(MODEL, era_weights=EraWeights(file=weights_file(workspace, lines)))
    contents = []
    for text in (lines, lines.replace("30,30", "30,3000")):
        weights_file(workspace, text)
        artifact = train("lighthouse", spec, workspace)
        contents.append((artifact.folder / artifact.contract.members[0].file).read_bytes())
        assert "weights.csv" in artifact.contract.sources
    assert contents[0] != contents[1]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("1,1\n", "no weight for era 0002"),
        ("spring,1\n", "gives era spring the weight 1"),
        ("1,-1\n", "gives era 1 the weight -1"),
        ("1,\n", "the weight nan"),
        ("1,1\n0001,2\n", "twice"),
        ("1,much\n", "no number"),
        ("".join(f"{era},0\n" for era in range(1, 31)), "the weight 0"),
    ],
)
def test_a_file_that_does_not_weigh_every_era_is_refused(
    workspace: Workspace, lines: str, words: str
) -> None:
    spec = changed(MODEL, era_weights=EraWeights(file=weights_file(workspace, lines)))
    with pytest.raises(FileForeign, match=words):
        train("lighthouse", spec, workspace)


def test_a_file_without_the_two_columns_or_none_at_all_is_refused(workspace: Workspace) -> None:
    path = workspace.dataset / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FileForeign, match="has columns a, b"):
        FileWeights.read(path)
    with pytest.raises(FileMissing):
        train("lighthouse", changed(MODEL, era_weights=EraWeights(file="no.csv")), workspace)


def test_a_list_of_features_trains_and_its_file_edited_since_is_a_difference(
    workspace: Workspace,
) -> None:
    assert workspace.module_folder is not None
    mine = workspace.module_folder / "mine.txt"
    mine.write_text("feature_001\nfeature_004\n")
    spec = changed(MODEL, features=("small", "@mine.txt", "-feature_002"))
    contract = train("lighthouse", spec, workspace).contract
    expected = ("feature_000", "feature_001", "feature_004")
    assert contract.features == expected

    def differing() -> tuple[str, ...]:
        return differing_keys(
            spec,
            contract,
            data_version="v5.3",
            names_of_set=workspace.feature_file.features,
        )

    assert differing() == ()
    mine.write_text("feature_001\nfeature_005\n")
    assert differing() == ("features",)
