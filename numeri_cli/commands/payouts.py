"""numeri payouts: what each round paid, burned or would pay, against the round's own formula."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from numeri_cli.commands import standing
from numeri_cli.commands.context import Context
from numeri_cli.commands.standing import Standing
from numeri_cli.ledger import money
from numeri_cli.ledger import scores as kept
from numeri_cli.ledger.scores import KnownRules, KnownScore
from numeri_cli.published import Published
from numeri_cli.records import Payout, PerformanceRow

NMR_UNIT = Decimal("1e-18")
State = Literal["settled", "pending"]


@dataclass(frozen=True)
class PayoutRow(Published):
    """What a model got for a round, or would get with the scores of now; negative is a burn.

    formula_nmr: Σ score · multiplier · factor, clipped, × at risk; None where a part is not known
    listed_nmr: the same payout in the server's list of payouts, None where it is not listed
    differs: of a settled round, two of the figures are not the same
    date: when it was paid, or will be
    price_usd: of one NMR, where it was seen on that day
    """

    round_number: int
    model: str
    state: State
    payout_nmr: Decimal
    formula_nmr: Decimal | None
    listed_nmr: Decimal | None
    differs: bool
    at_risk_nmr: Decimal | None
    date: date | None
    price_usd: Decimal | None


@dataclass(frozen=True)
class ModelPayouts(Published):
    """The sums of one model, in NMR; burned_nmr is the part of settled_nmr below zero."""

    model: str
    settled_nmr: Decimal
    burned_nmr: Decimal
    pending_nmr: Decimal


@dataclass(frozen=True)
class DatePayout(Published):
    """What all rounds that resolve on a day would pay."""

    date: date
    rounds: int
    pending_nmr: Decimal


@dataclass(frozen=True)
class PayoutReport(Published):
    """Payouts as of a time, the newest round first; offline: the server could not be asked."""

    tournament: str
    account: str
    as_of: datetime
    offline: bool
    rows: tuple[PayoutRow, ...]
    models: tuple[ModelPayouts, ...]
    pending_by_date: tuple[DatePayout, ...]
    settled_nmr: Decimal
    burned_nmr: Decimal
    pending_nmr: Decimal
    differing: int


def payouts(context: Context, names: Sequence[str] = ()) -> PayoutReport:
    """Bring what is new and add it up. Raises what `standing.own` raises."""
    whose = standing.own(context, names)
    rows = payout_rows(context, whose)
    own: defaultdict[str, list[PayoutRow]] = defaultdict(list)
    for row in rows:
        own[row.model].append(row)
    return PayoutReport(
        tournament=context.tournament,
        account=whose.account,
        as_of=whose.as_of,
        offline=whose.offline,
        rows=rows,
        models=tuple(_of_model(one.name, own[one.name]) for one in whose.models),
        pending_by_date=_by_date(rows),
        settled_nmr=_sum(row.payout_nmr for row in rows if row.state == "settled"),
        burned_nmr=_sum(row.payout_nmr for row in rows if _is_burn(row)),
        pending_nmr=_sum(row.payout_nmr for row in rows if row.state == "pending"),
        differing=sum(row.differs for row in rows),
    )


def payout_rows(context: Context, whose: Standing) -> tuple[PayoutRow, ...]:
    """Every round with money in it that is known of these models, the newest first."""
    ledger, key = context.ledger, context.tournament
    rules, prices = kept.rules(ledger, key), money.prices(ledger, key)
    values: defaultdict[tuple[str, int], list[KnownScore]] = defaultdict(list)
    for score in kept.newest_scores(ledger, key, model_ids=whose.ids):
        values[score.model_id, score.round_number].append(score)
    listed = {
        (one.model_id, one.round_number): one
        for one in money.payouts(ledger, key, model_ids=whose.ids)
    }
    known = {
        (model_id, row.round_number): row
        for model_id, row in kept.performances(ledger, key, model_ids=whose.ids)
    }
    rows = []
    for place in sorted({*known, *listed}, key=lambda one: (-one[1], whose.name_of(one[0]))):
        row = _row(
            place[1],
            whose.name_of(place[0]),
            known=known.get(place),
            listed=listed.get(place),
            formula=formula_payout(known.get(place), values[place], rules.get(place[1])),
            prices=prices,
            now=whose.as_of,
        )
        rows += [] if row is None else [row]
    return tuple(rows)


def _row(
    number: int,
    model: str,
    *,
    known: PerformanceRow | None,
    listed: Payout | None,
    formula: Decimal | None,
    prices: Mapping[date, Decimal],
    now: datetime,
) -> PayoutRow | None:
    """One round's row; None where nothing was at risk and nothing was paid."""
    settled = (known is not None and known.resolved) or (listed is not None and listed.settled)
    listed_nmr = None
    if listed is not None and listed.settled == settled:
        listed_nmr = listed.amount_nmr
    own = None
    if known is not None:
        own = known.settled_nmr if settled else known.pending_nmr
    amount = own if own is not None else listed_nmr
    at_risk = None if known is None else known.at_risk_nmr
    if amount is None and at_risk is None:
        return None
    figures = [one for one in (own, listed_nmr, formula) if one is not None]
    differs = settled and max(figures, default=0) - min(figures, default=0) > NMR_UNIT
    time = (known.resolve_time if known else None) or (listed.resolve_date if listed else None)
    day = None if time is None else time.date()
    return PayoutRow(
        round_number=number,
        model=model,
        state="settled" if settled else "pending",
        payout_nmr=amount or Decimal(0),
        formula_nmr=formula,
        listed_nmr=listed_nmr,
        differs=bool(differs),
        at_risk_nmr=at_risk,
        date=day,
        price_usd=None if day is None else prices.get(day),
    )


def formula_payout(
    known: PerformanceRow | None, values: Iterable[KnownScore], rules: KnownRules | None
) -> Decimal | None:
    """NMR by the round's own formula, with 18 places; None where a part of it is not known.

    source: the tournament's rules: stake at risk · clip(Σ score · multiplier · factor)
    """
    if known is None or known.at_risk_nmr is None or rules is None or not known.multipliers:
        return None
    configs = {(one.display_name, one.version): one for one in rules.configs}
    scores = {(one.display_name, one.version): one.value for one in values}
    total, clips = Decimal(0), set()
    for _, version, shown, multiplier in known.multipliers:
        config = configs.get((shown, version))
        value = scores.get((shown, version))
        if config is None or value is None or config.clip_threshold is None:
            return None
        factor = known.payout_factor if config.payout_factor is None else config.payout_factor
        clips.add(config.clip_threshold)
        share = multiplier * Decimal(repr(value))
        total += share * (Decimal(1) if factor is None else factor)
    if len(clips) != 1:
        return None
    clip = Decimal(repr(clips.pop()))
    clipped = max(-clip, min(clip, total))
    return (known.at_risk_nmr * clipped).quantize(NMR_UNIT, rounding=ROUND_DOWN)


def _of_model(name: str, own: Sequence[PayoutRow]) -> ModelPayouts:
    return ModelPayouts(
        model=name,
        settled_nmr=_sum(row.payout_nmr for row in own if row.state == "settled"),
        burned_nmr=_sum(row.payout_nmr for row in own if _is_burn(row)),
        pending_nmr=_sum(row.payout_nmr for row in own if row.state == "pending"),
    )


def _by_date(rows: Sequence[PayoutRow]) -> tuple[DatePayout, ...]:
    days: defaultdict[date, list[PayoutRow]] = defaultdict(list)
    for row in rows:
        if row.state == "pending" and row.date is not None:
            days[row.date].append(row)
    return tuple(
        DatePayout(
            date=day,
            rounds=len({row.round_number for row in due}),
            pending_nmr=_sum(row.payout_nmr for row in due),
        )
        for day, due in sorted(days.items())
    )


def _is_burn(row: PayoutRow) -> bool:
    return row.state == "settled" and row.payout_nmr < 0


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, start=Decimal(0))
