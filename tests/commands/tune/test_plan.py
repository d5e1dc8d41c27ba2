"""Which eras a search sees: never the last ones, nor those whose targets reach into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.commands.tune.plan import search_plan
from numeri_cli.errors import UsageProblem
from numeri_cli.learning.training_data import TrainingData, open_training_data
from tests.support.data_versions import model_spec, workspace_of, write_sample

SPEC = model_spec(targets=("target_ender_20",), data=("train", "validation"))
BOTH = ("target_ender_20", "target_ender_60")


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    """120 eras, of which the last four have no target yet."""
    sample = write_sample(
        tmp_path / "v5.3", eras=120, stocks=4, train_eras=90, unresolved=(117, 118, 119, 120)
    )
    return open_training_data(SPEC, workspace_of(sample))


def numbers(eras: tuple[str, ...]) -> list[int]:
    return [int(era) for era in eras]


def test_the_last_eras_with_a_target_are_held_out_and_the_purge_before_them_is_left(
    data: TrainingData,
) -> None:
    plan = search_plan(SPEC, data, targets=SPEC.targets, target="target_ender_20", stride=1)
    assert numbers(plan.held_out) == list(range(65, 117))
    assert plan.purge == 8
    assert max(numbers(plan.seen)) == max(numbers(plan.tested)) == 65 - 8 - 1
    for step in (*plan.windows, plan.final):
        assert max(numbers(step.train_eras)) < min(numbers(step.test_eras)) - 8
        assert set(step.train_eras) <= set(plan.seen)


def test_the_longest_target_that_any_trial_may_learn_governs_the_purge(
    data: TrainingData,
) -> None:
    for targets, target in ((BOTH, "target_ender_20"), (SPEC.targets, "target_ender_60")):
        plan = search_plan(SPEC, data, targets=targets, target=target, hold_out=20, stride=1)
        assert plan.purge == 16
        assert max(numbers(plan.seen)) == 97 - 16 - 1


def test_a_stride_thins_the_search_and_not_what_is_held_out(data: TrainingData) -> None:
    plan = search_plan(SPEC, data, targets=SPEC.targets, target="target_ender_20", stride=4)
    assert numbers(plan.seen) == list(range(1, 57, 4))
    assert set(plan.tested) < set(plan.seen)
    assert len(plan.held_out) == 52


def test_a_history_that_is_too_short_is_refused_with_its_figures(data: TrainingData) -> None:
    with pytest.raises(UsageProblem, match="116 eras have a value of target_ender_20: 105 held"):
        search_plan(SPEC, data, targets=SPEC.targets, target="target_ender_20", hold_out=105)
