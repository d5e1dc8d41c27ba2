"""numeri practice advance: time passes until a later round opens."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from numeri_cli.commands.context import Context
from numeri_cli.errors import UsageProblem
from numeri_cli.practice.tournament import PracticeStatus, ResolvedModel

MOST_ROUNDS = 520  # ten years


@dataclass(frozen=True)
class Goal:
    """The round to come to.

    rounds: how many open until then; opens_on: the day it opens; until: the day that was asked for
    """

    round_number: int
    rounds: int
    opens_on: date
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Advanced(PracticeStatus):
    """Where the tournament stands after time passed.

    resolved_rounds: that were settled meanwhile; resolved: what they brought the own models
    missed_rounds: that closed meanwhile with no submission of any of these models
    """

    resolved_rounds: tuple[int, ...]
    missed_rounds: tuple[int, ...]
    resolved: tuple[ResolvedModel, ...]


def goal(context: Context, *, rounds: int | None, until: date | None) -> Goal:
    """So many rounds ahead, or the last round that opens by a day; the next one by default.

    Raises UsageProblem where both are given or the way is too long; PracticeMissing.
    """
    if rounds is not None and until is not None:
        raise UsageProblem(
            "--rounds and --until are two ways to say how far", hint="give one of them"
        )
    state = context.practice.state()
    count = (rounds or 1) if until is None else state.rounds_until(until)
    if count > MOST_ROUNDS:
        raise UsageProblem(
            f"until {until} {count:,} rounds open", hint=f"advance by at most {MOST_ROUNDS} at once"
        )
    number = state.live_round + count
    return Goal(number, count, state.calendar.opening(number).date(), until)


def advance(context: Context, goal: Goal) -> Advanced:
    """Let time pass until the goal's round opens. Raises LockHeld, PracticeDamaged, DiskError."""
    before, first = context.practice.resolved(), context.practice.state().live_round
    if goal.rounds:
        context.practice.advance(goal.rounds, listener=context.listener)
    else:
        state = context.practice.state()
        opens_at = state.calendar.opening(state.live_round + 1)
        context.listener.say(
            f"No round opens until {goal.until}; the next one on {opens_at:%Y-%m-%d}"
        )
    rounds = sorted(context.practice.resolved() - before)
    status = context.practice.status()
    return Advanced(
        **{one.name: getattr(status, one.name) for one in fields(PracticeStatus)},
        resolved_rounds=tuple(rounds),
        missed_rounds=context.practice.missed(range(first, status.round_number)),
        resolved=context.practice.results_of(rounds),
    )
