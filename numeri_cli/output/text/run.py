"""What became of every model in a run, or in a submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from numeri_cli.output.formats import ABSENT, moment, number
from numeri_cli.output.text.tables import Prose, finding_lines, seen_words, state, steps, table

if TYPE_CHECKING:
    from numeri_cli.commands.run.outcomes import ModelOutcome, RunResult, ValidationFigures

_NOT_COMPARED = (
    "Figures on different targets are not to be compared: those of a model are on the first of its"
    " `targets`. `numeri validate` scores several models on one."
)
_NOT_SCORED = "–: what was in the round already is not scored again; `numeri validate` scores it"


def run_result(record: RunResult) -> RenderableType:
    """Every model in the round, then what its validation says."""
    late = any(model.timing in ("late", "queued") for model in record.models)
    verb = "closed at" if late else "open until"
    parts: list[RenderableType] = [
        Text(f"round {record.round_number}, {verb} {moment(record.deadline)}"),
        _models(record),
    ]
    scored = [model.validation for model in record.models if model.validation]
    waiting = any(one.state == "already accepted" and not one.validation for one in record.models)
    if scored and waiting:
        parts.append(Prose(_NOT_SCORED, style="dim"))
    parts += [
        Text(f"CORR on {target}, {eras} eras of validation data", style="dim")
        for target, eras in dict.fromkeys((one.target, one.eras) for one in scored)
    ]
    if len({one.target for one in scored}) > 1:
        parts.append(Prose(_NOT_COMPARED, style="dim"))
    for model in record.models:
        if model.server_id:
            parts.append(Text(f"{model.model} is submission {model.server_id}"))
        if model.replaces:
            parts.append(Text(f"it replaces submission {model.replaces}"))
        if model.surplus:
            parts.append(Text(f"{model.model}: {_surplus_words(model.surplus)}"))
        if not model.problem:
            parts += finding_lines(model.findings)
        if model.problem:
            parts.append(Text(f"{model.model}: {model.problem.message}"))
            parts.append(Text(f"hint: {model.problem.hint}", style="dim"))
    for again in record.retrained:
        words = ", ".join(part for part in (again.artifact, again.message) if part)
        parts.append(Text(f"{again.model} was due for training: {again.state}, {words}"))
    if record.next_steps:
        parts.append(steps(record.next_steps))
    return Group(*parts)


def _models(record: RunResult) -> Table:
    """A line for each model; columns of figures where any model has one."""
    right = ("CORR mean", "Sharpe")
    is_scored = any(model.validation for model in record.models)
    rows = table("model", "state", *((*right, "target") if is_scored else ()), right=right)
    for model in record.models:
        found = model.validation
        figures = (
            number(found.corr_mean if found else None),
            number(found.corr_sharpe if found else None, 2),
            _target_words(found),
        )
        rows.add_row(model.model, state(_shown_state(model)), *(figures if is_scored else ()))
    return rows


def _target_words(figures: ValidationFigures | None) -> str:
    """The target that a model was scored on, and whether it knows the eras from its training."""
    if figures is None:
        return ABSENT
    seen = seen_words(figures.seen_in_training, figures.eras)
    return "\n".join(filter(None, (figures.target, seen)))


def _surplus_words(count: int) -> str:
    rows = "1 row has an id that is" if count == 1 else f"{count:,} rows have ids that are"
    left = "it" if count == 1 else "them"
    return f"{rows} not in the live data, and the server leaves {left} out"


def _shown_state(model: ModelOutcome) -> str:
    return f"{model.state}, {model.timing}" if model.timing else model.state
