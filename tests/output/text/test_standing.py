"""Money is written alike in every table, and a board says what its columns are."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

from rich.console import Console, RenderableType

from numeri_cli.commands.account import AccountReport, StandingRow
from numeri_cli.commands.leaderboard import Board, BoardLine
from numeri_cli.commands.stakes import StakedModel, StakeReport
from numeri_cli.output.text.account import account_report
from numeri_cli.output.text.leaderboard import board
from numeri_cli.output.text.stakes import stake_report

NOW = datetime(2026, 5, 23, tzinfo=UTC)
NOTHING = Decimal(0)
MUCH = Decimal("103.741721384502347614")


def lines_of(made: RenderableType) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=200).print(made)
    return text.getvalue().splitlines()


def account() -> list[str]:
    model = StandingRow(
        model="harbour", model_id="a", archived=False, stake_nmr=None, at_risk_nmr=NOTHING,
        pending_nmr=NOTHING, corr60_rank=None, mmc60_rank=None, return_1d=None, return_3m=None,
        return_1y=None,
    )  # fmt: skip
    report = AccountReport(
        tournament="practice", account="me", as_of=NOW, offline=False, available_nmr=MUCH,
        scopes=(), staked_nmr=MUCH, at_risk_nmr=NOTHING, models=(model,), open_rounds=(),
    )  # fmt: skip
    return lines_of(account_report(report))


def stakes() -> list[str]:
    model = StakedModel(
        "harbour", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, rounds=(), days=()
    )
    return lines_of(stake_report(StakeReport("practice", "me", NOW, False, (model,), ())))


def test_a_stake_of_nothing_is_written_alike_everywhere() -> None:
    for lines in (account(), stakes()):
        [line] = [one for one in lines if one.startswith("harbour")]
        assert line.split()[1:3] == ["0", "0"]


def test_sums_of_an_account_have_four_places() -> None:
    assert "staked 103.7417 NMR, balance 103.7417 NMR" in account()


def test_a_board_says_what_its_columns_are_and_what_the_server_does_not_tell() -> None:
    line = BoardLine(1, "a", False, False, NOTHING, None, None, 0.02, 0.01, 0.1)
    lines = lines_of(board(Board("practice", "models", NOW, False, 1, (line,))))
    assert "NMR: stake now; year: return on the stake in a year" in lines
    assert any("it does not say on how many rounds they rest" in one for one in lines)
