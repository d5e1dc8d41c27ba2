"""numeri scores: how models did in each round so far, and in the mean of a year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from numeri_cli.commands import standing
from numeri_cli.commands.context import Context
from numeri_cli.commands.kept_scores import KeptScores
from numeri_cli.commands.leaderboard import Board, field
from numeri_cli.commands.payouts import PayoutRow, payout_rows
from numeri_cli.commands.score_means import MeanScore, YearOfRounds
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.commands.standing import Standing
from numeri_cli.errors import UsageProblem
from numeri_cli.ledger import scores as kept
from numeri_cli.ledger.accounts import KnownModel
from numeri_cli.ledger.scores import KnownRules
from numeri_cli.published import Published

if TYPE_CHECKING:
    from numeri_cli.commands.live_against_validated import LiveAgainstValidated


@dataclass(frozen=True)
class ModelScores(Published):
    """One model's rounds, the newest first, and its means of a year."""

    model: str
    model_id: str
    open_rounds: Sequence[RoundScore]
    resolved_rounds: Sequence[RoundScore]
    means: Sequence[MeanScore]


@dataclass(frozen=True)
class ScoreReport(Published):
    """Models' scores as of a time; offline: the server could not be asked; page: the HTML page."""

    tournament: str
    account: str
    as_of: datetime
    offline: bool
    models: tuple[ModelScores, ...]
    page: Path | None = None

    @property
    def rows(self) -> tuple[RoundScore, ...]:
        """Every score of every model and round, for a table."""
        return tuple(
            row for model in self.models for row in (*model.open_rounds, *model.resolved_rounds)
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class ScorePage:
    """What the HTML page shows; field: the leaderboard of models, None where it is not known."""

    report: ScoreReport
    payouts: Sequence[PayoutRow]
    field: Board | None
    live: Sequence[LiveAgainstValidated]


PageWriter = Callable[[ScorePage, Path], object]


def scores(
    context: Context,
    names: Sequence[str],
    *,
    of: str | None = None,
    page: Path | None = None,
    write_page: PageWriter | None = None,
) -> ScoreReport:
    """Bring what is new and tell how models did; of: somebody's model, without keys.

    write_page: writes the HTML page; page: where to, among this home's reports where None

    Raises UsageProblem where both are named, and what `standing.own` and `somebodys` raise.
    """
    if of is not None and names:
        raise UsageProblem(
            "--of names somebody's model, and the words before it your own",
            hint="leave one of them out",
        )
    whose = standing.own(context, names) if of is None else standing.somebodys(context, of)
    ledger, key = context.ledger, context.tournament
    rules = kept.rules(ledger, key)
    year = YearOfRounds(rules, now=whose.as_of)
    report = ScoreReport(
        tournament=key,
        account=whose.account,
        as_of=whose.as_of,
        offline=whose.offline,
        models=tuple(_of_model(context, one, rules=rules, year=year) for one in whose.models),
    )
    if write_page is None:
        return report
    where = page or context.home.reports(key) / "scores.html"
    write_page(_page(context, report, whose=whose), where)
    return replace(report, page=where)


def _page(context: Context, report: ScoreReport, *, whose: Standing) -> ScorePage:
    from numeri_cli.commands.live_against_validated import against_validated  # brings scipy

    rows = {one.model: (*one.open_rounds, *one.resolved_rounds) for one in report.models}
    return ScorePage(
        report=report,
        payouts=payout_rows(context, whose),
        field=field(context),
        live=tuple(against_validated(context, rows)),
    )


def _of_model(
    context: Context, model: KnownModel, *, rules: Mapping[int, KnownRules], year: YearOfRounds
) -> ModelScores:
    found = KeptScores(context.ledger, context.tournament, model, rules=rules, year=year)
    return ModelScores(
        model=model.name,
        model_id=model.id,
        open_rounds=found.open_rounds,
        resolved_rounds=found.resolved_rounds,
        means=found.means,
    )
