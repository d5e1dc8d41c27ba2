"""What the server holds of each model in a round, and whether that counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from numeri_cli.api.client import Client
from numeri_cli.commands.submission.origin import Origins, Trace
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import LatestSubmission, Round, Submission

LISTED_ROUNDS = 3  # this one and those from which something may have been carried over
HoldingState = Literal["accepted", "pending", "refused", "late", "carried over"]


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One model's submission in the round.

    accepted: it counts, on time, and was made for this round
    pending: the server has neither selected nor refused it
    refused: the server's words are in `submission.error_info`
    carried over: it was made for an earlier round, or that cannot be ruled out
    """

    state: HoldingState
    row: LatestSubmission
    submission: Submission | None = None

    @property
    def id(self) -> str:
        """The submission's id."""
        return self.row.id or ""


class Holdings:
    """The account's own list for a round; which of it counts is asked model by model.

    all_rows: what the server lists, of this round and the ones around it
    origins: tells what was carried over
    """

    def __init__(
        self,
        client: Client,
        *,
        round_: Round,
        all_rows: Sequence[LatestSubmission],
        origins: Origins,
    ) -> None:
        self._client = client
        self.all_rows, self.origins = tuple(all_rows), origins
        self.rows: Mapping[str, LatestSubmission] = {
            row.model: row
            for row in all_rows
            if row.round_number == round_.number and row.id and row.status != "none"
        }

    @classmethod
    def asked(cls, client: Client, ledger: Ledger, *, tournament: str, round_: Round) -> Holdings:
        """Ask the server for its list. Raises what the client raises."""
        listed = client.latest_submissions(rounds=LISTED_ROUNDS)
        origins = Origins(client, ledger, tournament=tournament, round_=round_, rows=listed)
        return cls(client, round_=round_, all_rows=listed, origins=origins)

    @property
    def on_time(self) -> tuple[str, ...]:
        """Models whose submission the server lists as on time; whether it counts is not said."""
        return tuple(name for name, row in self.rows.items() if row.status == "on-time")

    def judged(self, models: Collection[str]) -> Mapping[str, Holding]:
        """What these models have in the round, without those that have nothing.

        Asks for all of them in one question. Raises what the client and the ledger raise.
        """
        wanted = {name: self.rows[name] for name in models if name in self.rows}
        ids = [row.id for row in wanted.values() if row.id and row.status == "on-time"]
        shown = self._client.submissions_by_id(ids)
        return {name: self._judge(row, shown.get(row.id or "")) for name, row in wanted.items()}

    def _judge(self, row: LatestSubmission, found: Submission | None) -> Holding:
        return Holding(state=self._state(row, found), row=row, submission=found)

    def _state(self, row: LatestSubmission, found: Submission | None) -> HoldingState:
        if row.status != "on-time":
            return "late"
        if found is not None and found.refused:
            return "refused"
        if not self.origins.is_of_round(row.model, Trace.of_row(row, known=found)):
            return "carried over"
        return "accepted" if found is not None and found.accepted else "pending"


def holdings(
    client: Client,
    ledger: Ledger,
    *,
    tournament: str,
    round_: Round,
    models: Collection[str] | None = None,
) -> Mapping[str, Holding]:
    """What the server holds of these models in a round, all of them where none is named.

    Raises what the client and the ledger raise.
    """
    asked = Holdings.asked(client, ledger, tournament=tournament, round_=round_)
    return asked.judged(asked.rows if models is None else models)
