"""What is told of a run, of a deadline and of a retraining.

Several messages are made of one thing, the most urgent first: each channel gets the first that it
wants to hear of, so that nobody is told twice.
"""

from __future__ import annotations

import math
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from numeri_cli.errors import NumeriError
from numeri_cli.notify.message import Event, GuardFinding, Message, ModelNews
from numeri_cli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numeri_cli.commands.context import Context
    from numeri_cli.commands.retrain.retrain import Retrainings
    from numeri_cli.commands.run.outcomes import Problem, Retraining, RunResult
    from numeri_cli.commands.status import RoundStanding

_UNDER_WAY = ("started", "at work")
_IN_ORDER = ("adopted", "kept the old")


def of_run(
    context: Context, *, exit_code: int, error: NumeriError | None, result: RunResult | None
) -> tuple[Message, ...]:
    """A failure or a success; then the guard's, where something speaks against a model."""
    number = result.round_number if result else None
    models, retrained = (result.models, result.retrained) if result else ((), ())
    findings = tuple(finding for one in models for finding in one.findings)
    doubtful = {one.model for one in findings}
    doubtful |= {one.model for one in retrained if one.state == "failed"}
    if exit_code:
        title = f"Numeri: run failed on {platform.node()} (exit {exit_code})"
    else:
        title = f"Numeri: round {number} is in"
    news = (
        *(
            ModelNews(
                one.model,
                one.state,
                one.problem.code if one.problem else "",
                one.problem.message if one.problem else "",
                one.problem.hint if one.problem else "",
            )
            for one in models
        ),
        *_of_retrained([one for one in retrained if one.state not in _UNDER_WAY]),
    )
    events: list[tuple[Event, str]] = [("failure" if exit_code else "success", title)]
    if doubtful:
        names = ", ".join(sorted(doubtful))[:100]
        events.append(("guard", f"Numeri: round {number}: look at {names}"))
    elif context.ledger_notice is not None:
        events.append(("guard", f"Numeri: look at the ledger on {platform.node()}"))
    return tuple(
        message_of(
            context,
            event,
            words,
            error=error,
            exit_code=exit_code,
            round_number=number,
            models=news,
            findings=findings,
        )
        for event, words in events
    )


def of_deadline(
    context: Context, *, exit_code: int, error: NumeriError | None, result: RoundStanding | None
) -> tuple[Message, ...]:
    """The alarm; then the guard's, where one was carried over or something speaks against it."""
    number = result.round_number if result else None
    problem = error or (result.problem if result else None)
    missing = [one for one in result.models if not one.accepted] if result else []
    if problem is not None or result is None or result.deadline is None:
        title = f"Numeri: whether the round is in cannot be known on {platform.node()}"
    else:
        title = f"Numeri: round {number} closes at {result.deadline:%a %H:%M} UTC without you"
    findings = tuple(finding for one in result.models for finding in one.findings) if result else ()
    events: list[Event] = ["deadline"]
    if findings or any(one.status == "carried over" for one in missing):
        events.append("guard")
    return tuple(
        message_of(
            context,
            event,
            title,
            error=problem,
            hint="`numeri run` sends what is missing",
            exit_code=exit_code,
            round_number=number,
            models=tuple(ModelNews(one.model, one.status, message=one.problem) for one in missing),
            findings=findings,
        )
        for event in events
    )


def of_retraining(
    context: Context, *, exit_code: int, error: NumeriError | None, result: Retrainings | None
) -> tuple[Message, ...]:
    """A failure; the guard's, where one was not taken over or not judged; a success."""
    rows = result.models if result else ()
    failed = error is not None or any(one.state == "failed" for one in rows)
    doubtful = any(one.state != "adopted" or math.isnan(one.corr_mean) for one in rows)
    events: list[Event] = ["failure"] if failed else []
    events += ["guard"] if doubtful else []
    events += ["success"] if all(one.state in _IN_ORDER for one in rows) and not failed else []
    return tuple(
        message_of(
            context,
            event,
            f"Numeri: retraining on {platform.node()} (exit {exit_code})",
            error=error,
            exit_code=exit_code,
            models=_of_retrained(rows),
        )
        for event in events
    )


def _of_retrained(rows: Sequence[Retraining]) -> tuple[ModelNews, ...]:
    """What was decided about each, and why."""
    return tuple(
        ModelNews(one.model, one.state, "", one.message, f"retraining: {one.state}") for one in rows
    )


def message_of(
    context: Context,
    event: Event,
    title: str,
    *,
    message: str = "",
    hint: str = "",
    error: NumeriError | Problem | None = None,
    exit_code: int | None = None,
    round_number: int | None = None,
    models: tuple[ModelNews, ...] = (),
    findings: tuple[GuardFinding, ...] = (),
) -> Message:
    """A message of this machine's, now.

    message, hint: what is said where no error has words of its own
    """
    try:
        tournament = context.tournament
    except NumeriError:
        tournament = context.asked_tournament or "unknown"
    return Message(
        event=event,
        title=title,
        command=context.log.command,
        tournament=tournament,
        run=context.log.run,
        host=platform.node(),
        numeri_version=__version__,
        time=datetime.now(UTC),
        round_number=round_number,
        exit_code=None if exit_code is None else int(exit_code),
        code=error.code if error else "",
        message=error.message if error else message,
        hint=error.hint if error else hint,
        models=models,
        findings=(*findings, *_of_ledger(context)),
    )


def _of_ledger(context: Context) -> tuple[GuardFinding, ...]:
    """What had to be done about the ledger, in the form of what the guard finds."""
    notice = context.ledger_notice
    if notice is None:
        return ()
    return (
        GuardFinding(
            model="ledger",
            code=notice.code,
            message=notice.message,
            hint=notice.hint,
            check="ledger",
        ),
    )
