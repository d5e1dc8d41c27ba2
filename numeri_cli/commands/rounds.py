"""numeri rounds: the rounds this machine has seen and how they did, from the ledger alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from numeri_cli.commands.context import Context
from numeri_cli.commands.payouts import State, payout_rows
from numeri_cli.commands.score_rows import RoundScore, round_score
from numeri_cli.commands.standing import Standing
from numeri_cli.ledger import accounts
from numeri_cli.ledger import scores as kept
from numeri_cli.ledger.entries import AttemptState
from numeri_cli.published import Published
from numeri_cli.records import Timing


@dataclass(frozen=True)
class ReceiptRow(Published):
    """Proof that a submission was accepted; prediction_digest: SHA-256 of the bytes, in hex."""

    tournament: str
    round_number: int
    model: str
    server_id: str
    filename: str
    prediction_digest: str
    rows: int
    timing: Timing
    time: datetime
    selected: bool


@dataclass(frozen=True)
class AttemptRow(Published):
    """One try to submit, as far as it came; error: the sentence it ended with."""

    id: int
    tournament: str
    round_number: int
    model: str
    prediction_digest: str
    state: AttemptState
    filename: str | None
    server_id: str | None
    error: str | None
    started: datetime
    updated: datetime


@dataclass(frozen=True)
class ResultRow(Published):
    """How one model did in a round, as `numeri scores` and `payouts` last brought it.

    server_id: of the submission that counts, as far as this machine sent it
    payout_nmr: what was paid or would be; None where nothing is known of it
    """

    model: str
    server_id: str | None
    scores: tuple[RoundScore, ...]
    payout_state: State | None
    payout_nmr: Decimal | None


@dataclass(frozen=True)
class RoundRow(Published):
    """One round as this machine knows it."""

    number: int
    open_time: datetime
    deadline: datetime
    receipts: tuple[ReceiptRow, ...]
    attempts: tuple[AttemptRow, ...]
    results: tuple[ResultRow, ...] = ()


@dataclass(frozen=True)
class SeenRounds(Published):
    """What the ledger remembers, the newest round first."""

    tournament: str
    rounds: tuple[RoundRow, ...]

    @property
    def rows(self) -> list[Mapping[str, object]]:
        """A line for each model in each round, for a table."""
        return [
            {
                "round_number": one.number,
                "deadline": one.deadline.isoformat(),
                "model": result.model,
                "server_id": result.server_id,
                **{f"{row.score}/{row.version}": row.value for row in result.scores},
                "payout_state": result.payout_state,
                "payout_nmr": result.payout_nmr,
            }
            for one in self.rounds
            for result in one.results
        ]


# tens of thousands of rows are told at once
_of_receipt = attrgetter(*(field.name for field in fields(ReceiptRow)))
_of_attempt = attrgetter(*(field.name for field in fields(AttemptRow)))


def rounds(context: Context, *, limit: int) -> SeenRounds:
    """The newest rounds that this machine has seen. Raises LedgerDamaged, DiskError."""
    key, ledger = context.tournament, context.kept_ledger
    seen = ledger.rounds(key, limit=limit)
    receipts: defaultdict[int, list[ReceiptRow]] = defaultdict(list)
    attempts: defaultdict[int, list[AttemptRow]] = defaultdict(list)
    first = min((one.number for one in seen), default=0)
    for receipt in ledger.receipts(key, since_round=first):
        receipts[receipt.round_number].append(ReceiptRow(*_of_receipt(receipt)))
    for attempt in ledger.attempts(key, since_round=first):
        attempts[attempt.round_number].append(AttemptRow(*_of_attempt(attempt)))
    results = _results(context, receipts, first=first)
    return SeenRounds(
        key,
        tuple(
            RoundRow(
                number=one.number,
                open_time=one.open_time,
                deadline=one.deadline,
                receipts=tuple(receipts[one.number]),
                attempts=tuple(attempts[one.number]),
                results=results.get(one.number, ()),
            )
            for one in seen
        ),
    )


def _results(
    context: Context, receipts: Mapping[int, Sequence[ReceiptRow]], *, first: int
) -> dict[int, tuple[ResultRow, ...]]:
    """By round, how the models did that this machine submitted or has scores of."""
    ledger, key = context.ledger, context.tournament
    names = sorted({row.model for rows in receipts.values() for row in rows})
    found = (accounts.model_named(ledger, key, name) for name in names)
    models = tuple(model for model in found if model is not None)
    if not models:
        return {
            number: tuple(
                _result(name, own, (), None) for name, own in sorted(_by_model(rows).items())
            )
            for number, rows in receipts.items()
        }
    seen = max(model.seen for model in models)
    whose = Standing(account="", models=models, as_of=seen, offline=True)
    rules = kept.rules(ledger, key)
    values: defaultdict[tuple[int, str], list[RoundScore]] = defaultdict(list)
    for one in kept.newest_scores(ledger, key, model_ids=whose.ids, since_round=first):
        name = whose.name_of(one.model_id)
        values[one.round_number, name].append(round_score(one, model=name, rules=rules))
    money = {
        (row.round_number, row.model): (row.state, row.payout_nmr)
        for row in payout_rows(context, whose)
    }
    made: defaultdict[int, list[ResultRow]] = defaultdict(list)
    own = {number: _by_model(rows) for number, rows in receipts.items()}
    sent = {(number, name) for number, rows in own.items() for name in rows}
    for number, name in sorted(sent | {place for place in (*values, *money) if place[0] >= first}):
        place = number, name
        made[number].append(
            _result(name, own.get(number, {}).get(name, ()), values[place], money.get(place))
        )
    return {number: tuple(rows) for number, rows in made.items()}


def _by_model(rows: Iterable[ReceiptRow]) -> dict[str, list[ReceiptRow]]:
    found: defaultdict[str, list[ReceiptRow]] = defaultdict(list)
    for row in rows:
        found[row.model].append(row)
    return found


def _result(
    model: str,
    receipts: Sequence[ReceiptRow],
    scores: Sequence[RoundScore],
    payout: tuple[State, Decimal] | None,
) -> ResultRow:
    """How a model did; its newest receipt that was selected tells which submission counts."""
    selected = (row for row in receipts if row.selected)
    newest = max(selected, key=lambda row: row.time, default=None)
    return ResultRow(
        model=model,
        server_id=None if newest is None else newest.server_id,
        scores=tuple(scores),
        payout_state=None if payout is None else payout[0],
        payout_nmr=None if payout is None else payout[1],
    )
