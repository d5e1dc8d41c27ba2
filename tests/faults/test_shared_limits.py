"""Two programs behind one address use up the server's limits together, and both get through."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from numeri_cli.practice.server.rate_limits import Rate, RateLimiter
from tests.support.computers import Computer
from tests.support.trial import MODELS, Ground

pytestmark = pytest.mark.waits

# what one run needs is there at once, what two need is not
RATES = {"submissions": Rate(8, 1.0), "account": Rate(3, 1.0), "rounds": Rate(2, 1.0)}


def test_two_programs_that_the_server_asks_to_slow_down_both_submit_every_model_once(
    ground: Ground, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ground.fresh(tmp_path, home, monkeypatch, limiter=RateLimiter(RATES)) as trial:
        trial.write_profile(models=MODELS, attempts=8, settle_seconds=60.0, read_seconds=30.0)
        second_home = Path(shutil.copytree(home, tmp_path / "second home"))
        computers = [Computer(tmp_path / "one"), Computer(tmp_path / "other")]
        runs = [
            computer.start(own)
            for computer, own in zip(computers, (home, second_home), strict=True)
        ]
        said = [one.ended() for one in runs]
        assert [one.code for one in said] == [0, 0], [one.out for one in said]
        assert any(one.status == 429 for one in trial.front.passed)
        for model in MODELS:
            assert sum(row["selected"] for row in trial.rows(model)) == 1
