"""A record → a table of at most 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from numeri_cli.output.formats import moment, nmr, number

if TYPE_CHECKING:
    from decimal import Decimal

    from numeri_cli.commands.neutralize import NeutralizedFile
    from numeri_cli.commands.outcomes import (
        ModelOutcome,
        RunResult,
    )
    from numeri_cli.commands.status import Standing
    from numeri_cli.commands.views import (
        AccountModels,
        Added,
        Backtests,
        LocalArtifacts,
        LoggedIn,
        LoggedOut,
        PredictionFiles,
        Removed,
        RoundRow,
        RoundsView,
        TrainedModels,
        Written,
    )
    from numeri_cli.practice.tournament import PracticeModel, PracticeStatus, Stake
    from numeri_cli.schedule.job import InstalledSchedule, ScheduleStatus

_COLOURS = {
    "accepted": "green",
    "already accepted": "green",
    "on-time": "green",
    "checked": "cyan",
    "late": "yellow",
    "queued": "yellow",
    "none": "red",
    "refused": "red",
    "failed": "red",
}


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table of the house's look; the columns named in `right` are set flush right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def state(word: str) -> Text:
    """A state in its colour."""
    return Text(word, style=_COLOURS.get(word.partition(",")[0], ""))


def steps(commands: tuple[str, ...]) -> Text:
    """What to type next."""
    text = Text("next:")
    for command in commands:
        text.append(f"\n  {command}", style="bold")
    return text


def written(record: Written) -> RenderableType:
    """A profile that was written."""
    return Group(
        Text(f"wrote {record.profile}: model {record.model}, tournament {record.tournament}"),
        steps(record.next_steps),
    )


def logged_in(record: LoggedIn) -> RenderableType:
    """Keys that were stored."""
    return Group(
        Text(f"{record.account} may: {', '.join(record.scopes)}"),
        Text(f"keys for {record.host} stored in {record.file}, readable by you alone"),
    )


def logged_out(record: LoggedOut) -> RenderableType:
    """Keys that were forgotten, or were not there."""
    if record.forgotten:
        return Text(f"the keys for {record.host} are forgotten")
    return Text(f"no keys were stored for {record.host}")


def run_result(record: RunResult) -> RenderableType:
    """Every model in the round, then what its validation says."""
    right = ("CORR mean", "Sharpe")
    rows = table("model", "state", *right, right=right)
    for model in record.models:
        rows.add_row(
            model.model,
            state(_shown_state(model)),
            number(model.validation.corr_mean if model.validation else None),
            number(model.validation.corr_sharpe if model.validation else None, 2),
        )
    late = any(model.timing in ("late", "queued") for model in record.models)
    verb = "closed at" if late else "open until"
    parts: list[RenderableType] = [
        Text(f"round {record.round_number}, {verb} {moment(record.deadline)}"),
        rows,
    ]
    scored = [model for model in record.models if model.validation]
    if scored:
        first = scored[0].validation
        assert first is not None  # noqa: S101 - said for mypy, chosen by the line above
        parts.append(
            Text(f"CORR on {first.target}, {first.eras} eras of validation data", style="dim")
        )
    for model in record.models:
        if model.server_id:
            parts.append(Text(f"{model.model} is submission {model.server_id}"))
        if model.problem:
            parts.append(Text(f"{model.model}: {model.problem.message}"))
            parts.append(Text(f"hint: {model.problem.hint}", style="dim"))
    for again in record.retrained:
        words = again.artifact or again.message
        parts.append(Text(f"{again.model} was due for training: {again.state}, {words}"))
    if record.next_steps:
        parts.append(steps(record.next_steps))
    return Group(*parts)


def _shown_state(model: ModelOutcome) -> str:
    return f"{model.state}, {model.timing}" if model.timing else model.state


def standing(record: Standing) -> RenderableType:
    """Where every model stands in the newest round."""
    rows = table("model", "status", "submission", "time")
    for model in record.models:
        rows.add_row(model.model, state(model.status), model.server_id or "–", moment(model.time))
    if record.round_number is None:
        heading = "no round is known"
    else:
        verb = "open until" if record.open else "closed at"
        heading = f"round {record.round_number}, {verb} {moment(record.deadline)}"
    if record.source == "ledger":
        heading += "; from the ledger, the server could not be asked"
    return Group(Text(heading), rows)


def schedule(record: ScheduleStatus) -> RenderableType:
    """Lines or units, whether they are installed, and why they are as they are."""
    planned = record.schedule
    parts: list[RenderableType] = [Text(planned.text.rstrip(), overflow="fold")]
    said = {
        "absent": "not installed: `numeri schedule install`",
        "outdated": "another one is installed: `numeri schedule install` replaces it",
        "current": f"installed ({record.where})",
    }[record.state]
    parts.append(Text(f"{said}; fires next {moment(planned.next_firing)}", style="bold"))
    parts += [Text(reason, style="dim") for reason in planned.explanation]
    return Group(*parts)


def unscheduled(record: tuple[InstalledSchedule, ...]) -> RenderableType:
    """What was removed."""
    if not record:
        return Text("no schedule of this profile is installed")
    return Text("\n".join(f"removed from {entry.where}" for entry in record))


def rounds(record: RoundsView) -> RenderableType:
    """Rounds this machine has seen, newest first."""
    if not record.rounds:
        return Text("this machine has seen no round yet")
    rows = table("round", "closed", "model", "state", "submission", right=("round",))
    for seen in record.rounds:
        number_shown, closes = str(seen.number), moment(seen.deadline)
        for model, word, server_id in _entries(seen):
            rows.add_row(number_shown, closes, model, state(word), server_id)
            number_shown = closes = ""
    return rows


def _entries(seen: RoundRow) -> list[tuple[str, str, str]]:
    """Receipts, then the last try of each model that has none."""
    entries = [(item.model, str(item.timing), item.server_id) for item in seen.receipts]
    done = {model for model, _, _ in entries}
    for attempt in seen.attempts:
        if attempt.model not in done:
            done.add(attempt.model)
            entries.append((attempt.model, attempt.state, attempt.server_id or "–"))
    return entries or [("–", "none", "–")]


def practice(record: PracticeStatus) -> RenderableType:
    """The clock, the round and the participant's models."""
    rows = table("model", "stake NMR", "status", "submission", right=("stake NMR",))
    for model in record.models:
        rows.add_row(model.name, _stake(model), state(model.status), model.submission_id or "–")
    verb = "open until" if record.is_open else "closed at"
    return Group(
        Text(f"it is {moment(record.now)} {record.now.year}"),
        Text(f"round {record.round_number}, {verb} {moment(record.closes_at)}"),
        rows,
        Text(f"in your wallet: {nmr(record.available_nmr)} NMR", style="dim"),
    )


def _stake(model: PracticeModel) -> str:
    """A stake, and what it comes down to where a part is on its way to the wallet."""
    if model.wanted_nmr is None:
        return _short_nmr(model.stake_nmr)
    return f"{_short_nmr(model.stake_nmr)} → {_short_nmr(model.wanted_nmr)}"


def _short_nmr(amount: Decimal) -> str:
    """An amount for a narrow column: four digits after the point, less where they are zeros."""
    return nmr(round(amount, 4) + 0)


def staked(record: Stake) -> RenderableType:
    """A stake that was changed, and what is left to stake."""
    lines = [Text(f"{record.model} has a stake of {nmr(record.stake_nmr)} NMR")]
    if record.wanted_nmr is not None:
        lines.append(
            Text(
                f"rounds that are not settled hold {nmr(record.locked_nmr)}; as they settle, what"
                f" is above {nmr(record.wanted_nmr)} goes back to your wallet"
            )
        )
    elif record.stake_nmr:
        lines.append(Text("each round it submits to risks up to a thirteenth, for 13 weeks"))
    lines.append(Text(f"in your wallet: {nmr(record.wallet_nmr)} NMR", style="dim"))
    return Group(*lines)


def added(record: Added) -> RenderableType:
    """A model of the practice account."""
    return Text(f"your practice account has a model {record.model} now")


def removed(record: Removed) -> RenderableType:
    """A practice tournament that is gone."""
    return Text(f"removed {record.folder} and what was made from it")


def trained_models(record: TrainedModels) -> RenderableType:
    """What was trained."""
    right = ("features", "eras", "rows", "trees", "seconds")
    rows = table("model", *right, right=right)
    for model in record.models:
        rows.add_row(
            model.model,
            f"{model.features:,}",
            f"{model.eras:,}",
            f"{model.rows:,}",
            f"{model.trees:,}",
            f"{model.seconds:.1f}",
        )
    dropped = sum(model.dropped_rows for model in record.models)
    note = [Text(f"{dropped:,} rows without a target were left out", style="dim")]
    return Group(rows, *(note if dropped else []))


def prediction_files(record: PredictionFiles) -> RenderableType:
    """Where predictions were written."""
    return Text(
        "\n".join(f"wrote {file.path}: {file.rows:,} rows of {file.model}" for file in record.files)
    )


def account_models(record: AccountModels) -> RenderableType:
    """The account's models."""
    rows = table("model", "submissions come from", "id")
    for model in record.models:
        rows.add_row(model.name, "Numerai, hosted" if model.hosted else "here", model.id)
    return rows


def local_artifacts(record: LocalArtifacts) -> RenderableType:
    """What was trained on this machine, newest first."""
    if not record.artifacts:
        return Text("no model has been trained here yet: `numeri train`")
    rows = table("model", "artifact", "features", "eras", right=("features", "eras"))
    for artifact in record.artifacts:
        rows.add_row(
            artifact.model,
            Text(artifact.artifact, "bold" if artifact.newest else ""),
            f"{artifact.features:,}",
            f"{artifact.eras:,}",
        )
    return rows


def backtests(record: Backtests) -> RenderableType:
    """What was walked forward, and how to score it."""
    right = ("windows", "eras", "purged", "rows")
    rows = table("model", *right, right=right)
    for model in record.models:
        figures = (model.windows, model.eras, model.purge_eras, model.rows)
        rows.add_row(model.model, *(f"{figure:,}" for figure in figures))
    files = [Text(f"predictions of {m.model}: {m.path}") for m in record.models]
    return Group(rows, *files)


def neutralized(record: NeutralizedFile) -> RenderableType:
    """How far the largest exposure fell."""
    rows = table("", "largest exposure", "feature", "era", right=("largest exposure",))
    for label, exposure in (("before", record.before), ("after", record.after)):
        rows.add_row(label, number(exposure.size), exposure.feature, exposure.era)
    return Group(
        rows,
        Text(
            f"wrote {record.path}: {record.rows:,} rows, {len(record.eras):,} eras, proportion "
            f"{record.proportion:.3f} of {record.features:,} features"
        ),
    )
