"""Which eras may judge a retrained model beside the old one, and when it counts as worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest

from numeri_cli.commands.retrain.judgement import Judgement, unseen_eras
from numeri_cli.dataset.eras import purge_eras
from numeri_cli.learning.contract import Contract
from numeri_cli.model_spec import ModelSpec
from numeri_cli.scoring.paired_test import compare

ERAS = tuple(f"{number:04d}" for number in range(1, 121))


@dataclass(frozen=True)
class Terms:
    """What a contract says of a training."""

    eras: Sequence[str]
    spec: ModelSpec
    purge_eras: int


def trained(eras: Sequence[str], *, target: str = "target_ender_20", **facts: int) -> Contract:
    spec = ModelSpec.model_validate({"targets": [target], **facts})
    return cast("Contract", Terms(eras, spec, purge_eras(target)))


@pytest.mark.parametrize("target", ["target_ender_20", "target_ender_60"])
def test_an_era_that_either_has_seen_or_whose_target_reaches_into_a_training_judges_nothing(
    target: str,
) -> None:
    gap = purge_eras(target)
    assert gap > 3
    old, new = trained(ERAS[:40], target=target), trained(ERAS[:60], target=target)
    assert unseen_eras(ERAS, (old, new)) == ERAS[60 + gap :]
    assert unseen_eras(ERAS, (new, old)) == ERAS[60 + gap :]
    assert unseen_eras(ERAS, (old,)) == ERAS[40 + gap :]
    later = trained(ERAS[80:], target=target)
    assert unseen_eras(ERAS, (old, later)) == ERAS[40 + gap : 80 - gap]


def test_eras_that_ended_a_training_early_are_seen() -> None:
    gap = purge_eras("target_ender_20")
    one = trained(ERAS[:40], early_stopping_eras=20)
    assert unseen_eras(ERAS, (one,)) == ERAS[40 + 20 + 2 * gap :]


def judged(difference: float, *, noise: float) -> Judgement:
    eras = np.arange(40)
    before = 0.02 + noise * np.cos(np.pi * eras)
    after = 0.02 + difference + noise * np.cos(np.pi * (eras // 2))
    return Judgement(40, 0.02, 0.02 + difference, compare(after, before, lags=0))


def test_only_what_is_worse_beyond_noise_is_worse() -> None:
    assert judged(-0.02, noise=0.01).is_worse
    assert not judged(-0.001, noise=0.02).is_worse
    assert not judged(0.02, noise=0.01).is_worse
    assert judged(-0.001, noise=0.0).is_worse  # in every era by as much
    assert Judgement(40, 0.02, float("nan"), judged(0.0, noise=0.01).test).is_worse
    assert not Judgement(3, float("nan"), float("nan"), None).is_worse
