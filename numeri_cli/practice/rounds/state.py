"""Where the tournament stands: its clock, its live round, and what is published for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.calendar import Calendar, RoundTimes
from numeri_cli.practice.database.database import (
    Connection,
    damaged,
    insert,
    moment_of,
    moment_text,
)
from numeri_cli.practice.rounds.terms import keep_terms


@dataclass(frozen=True, kw_only=True)
class State:
    """The one row of the tournament.

    clock: as stored, standing; clock_moves counts the times it was moved by hand
    live_round: the round whose week comes next; published_round: the one the files belong to
    """

    calendar: Calendar
    clock: datetime
    clock_moves: int
    live_round: int
    published_round: int

    def round_at(self, moment: datetime) -> RoundTimes | None:
        """The round that takes submissions in its life at `moment`.

        None before its data are there; after its window it still takes late ones.
        """
        number = self.calendar.number_at(moment)
        if number != self.live_round or number != self.published_round:
            return None
        return self.calendar.round(number)

    def rounds_until(self, day: date) -> int:
        """How many rounds open from now to the end of a day, in UTC; 0 where none does.

        Raises PracticeSettings for a day that is past.
        """
        if day < self.clock.date():
            raise PracticeSettings(
                f"{day} is past: in the practice tournament it is {self.clock:%Y-%m-%d}",
                hint="time goes forward: give a later date, or --rounds",
            )
        last = datetime.combine(day, time.max, tzinfo=UTC)
        return max(self.calendar.number_at(last) - self.live_round, 0)

    def open_round_at(self, moment: datetime) -> RoundTimes | None:
        """The round whose window is open at `moment`."""
        times = self.round_at(moment)
        return times if times is not None and moment < times.closes_at else None


def write_first_state(connection: Connection, calendar: Calendar, *, clock: datetime) -> None:
    """The state of a new tournament, whose first round is published."""
    keep_terms(connection, calendar.first_round)
    insert(
        connection,
        "tournament",
        only=1,
        first_round=calendar.first_round,
        first_opens_at=calendar.first_opens_at,
        clock=clock,
        clock_moves=0,
        live_round=calendar.first_round,
        published_round=calendar.first_round,
    )


def read_state(connection: Connection) -> State:
    """The state as it is in this transaction. Raises PracticeDamaged where there is none."""
    try:
        row = connection.execute("SELECT * FROM tournament").fetchone()
        return State(
            calendar=Calendar(row["first_round"], moment_of(row["first_opens_at"])),
            clock=moment_of(row["clock"]),
            clock_moves=row["clock_moves"],
            live_round=row["live_round"],
            published_round=row["published_round"],
        )
    except (TypeError, IndexError) as error:  # another program's table
        (_, _, path) = connection.execute("PRAGMA database_list").fetchone()
        raise damaged(Path(path)) from error


def open_round(connection: Connection, number: int, *, clock: datetime, by_hand: bool) -> None:
    """Let round `number` be the live one and the clock show `clock`."""
    keep_terms(connection, number)
    connection.execute(
        "UPDATE tournament SET live_round = ?, clock = ?, clock_moves = clock_moves + ?",
        (number, moment_text(clock), int(by_hand)),
    )


def keep_clock(connection: Connection, clock: datetime, *, state: State) -> None:
    """Store where a running clock has come to, unless somebody moved on since `state` was read."""
    connection.execute(
        """UPDATE tournament SET clock = ?1
           WHERE clock_moves = ?2 AND live_round = ?3 AND clock < ?1""",
        (moment_text(clock), state.clock_moves, state.live_round),
    )


def mark_published(connection: Connection, number: int) -> None:
    """Say that the files belong to round `number`, which may open now."""
    connection.execute("UPDATE tournament SET published_round = ?", (number,))
