"""numeri submissions: what the server holds of each model, and whether it is what was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from numeri_cli.api.files.submitted import submitted_bytes
from numeri_cli.commands import account, standing
from numeri_cli.commands.context import Context
from numeri_cli.errors import (
    FileForeign,
    FileMissing,
    RateLimited,
    ServerTrouble,
    Unreachable,
    UsageProblem,
)
from numeri_cli.files import atomic_file, safe_name
from numeri_cli.ledger import held_submissions
from numeri_cli.published import Published
from numeri_cli.records import ModelSlot, Receipt, Submission

_FIRST_SECONDS = 8.0  # of tries, before what is known is shown
_GONE = (Unreachable, ServerTrouble, RateLimited)
_SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class HeldSubmission(Published):
    """One submission; status: the server's own word, or what a receipt of this machine says.

    digest: SHA-256 of what this machine sent, None where it was sent from elsewhere
    """

    model: str
    id: str
    round_number: int | None
    status: str
    selected: bool
    filename: str | None
    time: datetime | None
    error_info: str | None
    digest: str | None


@dataclass(frozen=True)
class BroughtBack(Published):
    """A file that was downloaded; agrees: with what this machine sent, None where it did not."""

    model: str
    id: str
    round_number: int | None
    path: Path
    size_bytes: int
    digest: str
    agrees: bool | None


@dataclass(frozen=True)
class HeldSubmissions(Published):
    """Submissions, model by model, the newest first; offline: as far as this machine knows.

    as_of: by the server's clock, the earliest where models were seen at different times; None
    where nothing is known
    """

    tournament: str
    as_of: datetime | None
    offline: bool
    rows: tuple[HeldSubmission, ...]
    downloads: tuple[BroughtBack, ...]

    @property
    def problems(self) -> tuple[FileForeign, ...]:
        """An error for each file that is not what was sent."""
        return tuple(
            FileForeign(
                f"what the server holds of {one.model} for round {one.round_number} is not what"
                f" this machine sent",
                hint="`numeri submit` replaces it while the round is open",
            )
            for one in self.downloads
            if one.agrees is False
        )


def submissions(
    context: Context, names: Sequence[str], *, limit: int, download: bool = False
) -> HeldSubmissions:
    """The newest submissions of each model; download: bring back the one that counts.

    A server that cannot be reached is no error where this machine has seen or sent some.
    Raises UsageProblem to download without a model, FileMissing where there is nothing to bring
    back, ModelUnknown, KeysMissing and what the client and the disk raise.
    """
    context.require_keys()
    if download and not names:
        raise UsageProblem("--download needs a model", hint="`numeri submissions MODEL --download`")
    digests = _digests(context)
    try:
        with context.client.within(_FIRST_SECONDS):
            known = account.slots(context)
            seen = context.client.now()
        asked = list(dict.fromkeys(names)) or sorted(known)
        slots = [account.slot_of(known, name) for name in asked]
        held = context.client.submissions_by_model([slot.id for slot in slots])
    except _GONE as gone:
        if download:
            raise
        known_here = _known_here(context, names, digests, limit=limit)
        if not known_here.rows:
            raise
        context.listener.say(f"going on with what this machine knows: {gone}")
        return known_here
    held_submissions.keep_held(
        context.ledger,
        context.tournament,
        asker=standing.asker(context),
        held={slot.name: held[slot.id] for slot in slots},
        every=not names,
        seen=seen,
    )
    rows = tuple(
        _row(slot.name, one, digests) for slot in slots for one in _newest(held[slot.id])[:limit]
    )
    brought: tuple[BroughtBack, ...] = ()
    if download:
        brought = tuple(_bring(context, slot, held[slot.id], digests) for slot in slots)
    return HeldSubmissions(context.tournament, seen, False, rows, brought)


def _digests(context: Context) -> Mapping[str, str]:
    """What this machine sent, by the server's id."""
    ledger, key = context.ledger, context.tournament
    attempts = {
        one.server_id: one.prediction_digest
        for one in ledger.attempts(key)
        if one.server_id is not None
    }
    receipts = {
        one.server_id: one.prediction_digest
        for one in ledger.receipts(key)
        if one.prediction_digest  # of which the server told, nobody here knows the bytes
    }
    return attempts | receipts


def _newest(held: Sequence[Submission]) -> list[Submission]:
    return sorted(
        held,
        key=lambda one: (
            one.round_number or 0,
            one.selected,
            one.inserted_at.timestamp() if one.inserted_at else 0.0,
        ),
        reverse=True,
    )


def _row(model: str, one: Submission, digests: Mapping[str, str]) -> HeldSubmission:
    return HeldSubmission(
        model=model,
        id=one.id,
        round_number=one.round_number,
        status=one.status,
        selected=one.selected,
        filename=one.filename,
        time=one.inserted_at,
        error_info=one.error_info,
        digest=digests.get(one.id),
    )


def _known_here(
    context: Context, names: Sequence[str], digests: Mapping[str, str], *, limit: int
) -> HeldSubmissions:
    """What the server held when it was last asked, and what this machine has sent since."""
    ledger, key = context.ledger, context.tournament
    known = held_submissions.held(ledger, key, asker=standing.asker(context))
    held = {model: list(found) for model, (_, found) in known.items()}
    for receipt in reversed(ledger.receipts(key)):  # the oldest first: a later one replaces it
        of_model = held.setdefault(receipt.model, [])
        if any(one.id == receipt.server_id for one in of_model):
            continue
        if receipt.selected:  # it took the place of what counted in its round
            of_model[:] = [
                replace(one, selected=False) if one.round_number == receipt.round_number else one
                for one in of_model
            ]
        of_model.insert(0, _of_receipt(receipt))
    rows = tuple(
        _row(model, one, digests)
        for model in dict.fromkeys(names) or sorted(held)
        for one in _newest(held.get(model, ()))[:limit]
    )
    shown = {row.model for row in rows}
    seen = [time for model, (time, _) in known.items() if model in shown]
    sent = [row.time for row in rows if row.time is not None]
    as_of = min(seen) if seen else max(sent, default=None)
    return HeldSubmissions(key, as_of, True, rows, ())


def _of_receipt(receipt: Receipt) -> Submission:
    return Submission(
        id=receipt.server_id,
        status=receipt.timing,
        error_info=None,
        selected=receipt.selected,
        filename=receipt.filename,
        filtered_count=None,
        submitted_count=None,
        round_number=receipt.round_number,
        inserted_at=receipt.time,
    )


def _bring(
    context: Context, slot: ModelSlot, held: Sequence[Submission], digests: Mapping[str, str]
) -> BroughtBack:
    """Bring the submission that counts in the newest round back into this folder."""
    newest = _newest(held)
    if not newest:
        raise FileMissing(
            f"the server holds nothing of {slot.name}", hint=f"`numeri submit {slot.name}`"
        )
    chosen, client = newest[0], context.client
    content = submitted_bytes(
        client.connector,
        client.submission_url(chosen.id),
        submission_id=chosen.id,
        at_most=client.tournament.predictions.maximum_bytes,
        deadline=client.deadline,
    )
    suffix = PurePosixPath(chosen.filename or "").suffix.lower()
    number = "unknown" if chosen.round_number is None else str(chosen.round_number)
    name = f"{slot.name}-{number}-{chosen.id[:8]}{suffix if suffix in _SUFFIXES else ''}"
    path = Path(safe_name(name)).absolute()
    with atomic_file(path, mode=0o600) as file:
        file.write(content)
    digest, known = hashlib.sha256(content).hexdigest(), digests.get(chosen.id)
    return BroughtBack(
        model=slot.name,
        id=chosen.id,
        round_number=chosen.round_number,
        path=path,
        size_bytes=len(content),
        digest=digest,
        agrees=None if known is None else known == digest,
    )
