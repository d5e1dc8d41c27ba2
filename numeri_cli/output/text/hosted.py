"""What `numeri hosted` shows of uploads, slots, runs and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import moment, size
from numeri_cli.output.text.tables import Fitting, Prose, finding_lines, table

if TYPE_CHECKING:
    from numeri_cli.commands.hosted.assign import HostedAssignment
    from numeri_cli.commands.hosted.download import HostedDownload
    from numeri_cli.commands.hosted.logs import HostedLogs, RunnerLog
    from numeri_cli.commands.hosted.run import HostedRunResult
    from numeri_cli.commands.hosted.status import HostedRow, HostedStatus
    from numeri_cli.commands.hosted.upload import HostedUpload
    from numeri_cli.commands.hosted.webhook import Webhooks

_COLOURS = {
    "validated": "green",
    "success": "green",
    "failed": "red",
    "invalid": "red",
    "error": "red",
}


def hosted_upload(record: HostedUpload) -> RenderableType:
    """Whether it is there, what runs it, and whether it submits for its slot."""
    verb = "is uploaded and validated" if record.uploaded else "was there, validated"
    told = (
        f"{record.file} ({size(record.size_bytes)}) {verb}: {record.pickle_id}\n"
        f"it runs in {record.image} on {record.data_version} data"
    )
    if record.assigned:
        told += f"\n{record.model} submits with it from the next round on"
        if record.replaced is not None:
            told += f", and no longer with {record.replaced}"
    else:
        told += f"\n`numeri hosted assign {record.model} {record.pickle_id}` lets it submit"
        if record.webhook is not None:
            told += (
                f"\n{record.model} has the webhook {record.webhook}: Numerai runs an uploaded"
                " model only where there is none"
            )
    return Text(told)


def hosted_assignment(record: HostedAssignment) -> RenderableType:
    """What the slot runs now."""
    if record.pickle_id is None:
        if not record.changed:
            return Text(f"{record.model} runs no uploaded model, and ran none before")
        return Text(
            f"{record.model} runs no uploaded model any more; {record.replaced} stays at Numerai"
        )
    if not record.changed:
        return Text(f"{record.model} runs {record.pickle_id}, as before")
    told = f"{record.model} submits with {record.pickle_id} from the next round on"
    if record.replaced is not None:
        told += f", and no longer with {record.replaced}"
    return Text(told)


def hosted_run(record: HostedRunResult) -> RenderableType:
    """How the run ended and what it submitted."""
    if record.submission_id is not None:
        verdicts = {True: "accepted", False: "not what counts", None: "not settled yet"}
        told = f"{record.model} ran: submission {record.submission_id}, {verdicts[record.accepted]}"
    elif record.no_round:
        told = f"{record.model} ran well; no round is open, so nothing was submitted"
    else:
        told = f"{record.model} ran ({record.status}), and the server names no submission"
    return Text(told)


def hosted_logs(record: HostedLogs) -> RenderableType:
    """The telling line, then the log as it is."""
    parts: list[RenderableType] = [
        Text(f"{record.model}: {record.filename} ({record.pickle_id}), {record.status}")
    ]
    if not record.runs:
        parts.append(Text("the server tells of no run yet"))
    for run in record.runs:
        parts += _log(run)
    if record.diagnostics_status is not None:
        parts.append(Text(f"\ndiagnostics: {record.diagnostics_status}"))
        parts.append(Text("\n".join(f"  {line}" for line in record.diagnostics)))
    return Group(*parts)


def _log(run: RunnerLog) -> list[RenderableType]:
    head = f"\nrun {run.trigger_id}: {run.status}"
    parts: list[RenderableType] = [Text(head, _COLOURS.get(run.status, ""))]
    if run.telling is not None:
        meaning = f": {run.meaning}" if run.meaning else ""
        parts.append(Text(f"{run.telling}{meaning}", "bold"))
        if run.cure is not None:
            parts.append(Prose(f"{run.cure}"))
    parts.append(Text("\n".join(f"  {line}" for line in run.lines) or "  its log is empty"))
    return parts


def hosted_status(record: HostedStatus) -> RenderableType:
    """A line for each slot, uploaded models that none has, and what speaks against them."""
    parts: list[RenderableType] = []
    if any(row.pickle_id for row in record.models):
        parts.append(_slots(record.models))
    else:
        names = ", ".join(str(row.model) for row in record.models) or "the account"
        parts.append(Text(f"Numerai runs no uploaded model for {names}"))
    if record.unassigned:
        parts += [Text("\nuploaded, and in no slot:"), _free(record.unassigned)]
    findings = [one for row in (*record.models, *record.unassigned) for one in row.findings]
    parts += [Text(f"{one.message}: {one.hint}", "red") for one in findings if one.check == "run"]
    parts += finding_lines([one for one in findings if one.check != "run"])
    return Group(*parts)


def _slots(rows: tuple[HostedRow, ...]) -> RenderableType:
    made = table(
        "model", "validation", "newest run", "predicts", "data", "image", "uploaded",
        "uploaded model", "webhook",
    )  # fmt: skip
    for row in rows:
        if row.pickle_id is None:
            made.add_row(str(row.model), "none", "", "", "", "", "", "", row.webhook or "")
        else:
            made.add_row(str(row.model), *_figures(row), row.pickle_id, row.webhook or "")
    return Fitting(made, "image", "webhook", "uploaded", "uploaded model", "data", "newest run")


def _free(rows: tuple[HostedRow, ...]) -> RenderableType:
    made = table(
        "uploaded model", "validation", "newest run", "predicts", "data", "image", "uploaded"
    )
    for row in rows:
        made.add_row(row.pickle_id or "", *_figures(row))
    return Fitting(made, "image", "newest run", "data", "uploaded", "predicts")


def _figures(row: HostedRow) -> tuple[str | Text, ...]:
    return (
        _word(row.status),
        _word(row.run_status),
        ", ".join(row.targets) or "unknown",
        row.data_version or "",
        row.image or "",
        moment(row.uploaded_at) if row.uploaded_at else "",
    )


def _word(status: str | None) -> Text:
    return Text(status or "", _COLOURS.get(status or "", ""))


def hosted_download(record: HostedDownload) -> RenderableType:
    """Where the file is, and whether it is what this machine had sent."""
    told = f"{record.file} ({size(record.size_bytes)}): {record.filename}"
    told += f"\nSHA-256 {record.digest}"
    if record.known:
        told += ", as this machine had uploaded it"
    else:
        told += "\nthis machine did not upload it: opening a pickle runs the code in it"
    return Text(told)


def webhooks(record: Webhooks) -> RenderableType:
    """What each slot has now, or what came of the call."""
    lines = []
    for row in record.models:
        if row.trigger_id is not None:
            lines.append(f"{row.model}: {row.webhook} was called, trigger {row.trigger_id}")
            lines += [f"  {line}" for line in row.log]
        elif row.webhook is None:
            verb = "has no webhook any more" if row.changed else "had no webhook"
            lines.append(f"{row.model} {verb}")
        else:
            verb = "is called now" if row.changed else "was called before"
            lines.append(f"{row.model}: {row.webhook} {verb} when a round opens")
    return Text("\n".join([*lines, *record.notes]))
