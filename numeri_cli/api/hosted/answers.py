"""What the server tells of hosted models: slots, uploaded pickles, their runs and logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar

from numeri_cli.api.answers import Fields

VALIDATED: Final = "validated"
REFUSED: Final = ("failed", "invalid", "error")
SUCCEEDED: Final = ("success", VALIDATED)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedSlot:
    """A model slot of any tournament.

    webhook: the address that is called when a round opens; a secret, since nothing else guards it
    pickle_id: of the uploaded model that is assigned
    """

    id: str
    name: str
    tournament: int
    webhook: str | None = field(repr=False)
    pickle_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedTrigger:
    """A run of an uploaded model.

    words: each status that it had, with what was said of it, oldest first; time: of the first one
    """

    id: str
    status: str
    submission_id: str | None
    words: tuple[tuple[str, str], ...] = ()
    time: datetime | None = None

    @property
    def succeeded(self) -> bool:
        """At its end, by a word that is known."""
        return self.status in SUCCEEDED

    @property
    def refused(self) -> bool:
        """Given up, by a word that is known."""
        return self.status in REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedPickle:
    """An uploaded model; words of the server are kept as they came.

    uploaded_for: the id of the slot that it was uploaded for; slots: ids where it is assigned
    status: of its validation; run_status: of its newest run
    triggers: newest first
    """

    id: str
    filename: str
    label: str | None
    uploaded_for: str | None
    slots: tuple[str, ...]
    data_version: str | None
    image: str | None
    status: str
    run_status: str | None
    diagnostics_status: str | None
    diagnostics_words: str | None
    time: datetime | None
    triggers: tuple[HostedTrigger, ...] = ()

    @property
    def validated(self) -> bool:
        """Judged and taken, by a word that is known."""
        return self.status == VALIDATED

    @property
    def refused(self) -> bool:
        """Judged and not taken, by a word that is known."""
        return self.status in REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerLine:
    """A line of a log of Numerai's machines."""

    time: datetime | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerImage:
    """A Python with its packages, in which uploaded models run."""

    id: str
    name: str
    image: str | None
    tag: str | None
    default: bool

    @property
    def words(self) -> tuple[str, ...]:
        """All that may tell which Python it has."""
        return tuple(one for one in (self.name, self.image, self.tag) if one)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerData:
    """A data version that uploaded models may be given."""

    id: str
    name: str
    default: bool


def slot_of(fields: Fields) -> HostedSlot:
    """A slot of the account."""

    def assigned(name: str) -> str | None:
        found = fields.optional_child(name, kind="ComputePickleUpload")
        return None if found is None else found.text("id")

    return HostedSlot(
        id=fields.text("id"),
        name=fields.text("name"),
        tournament=fields.integer("tournament"),
        webhook=fields.optional_text("submissionWebhook") or None,
        pickle_id=assigned("computePickleUpload"),
    )


def pickle_of(fields: Fields) -> HostedPickle:
    """An uploaded model."""

    def triggers(name: str) -> tuple[HostedTrigger, ...]:
        if fields.get(name) is None:
            return ()
        return newest_first([_trigger_of(one) for one in fields.children(name, kind="Trigger")])

    def slots(name: str) -> tuple[str, ...]:
        return () if fields.get(name) is None else fields.texts(name)

    def optional(name: str) -> str | None:
        return fields.spare(name, fields.optional_text)

    return HostedPickle(
        id=fields.text("id"),
        filename=optional("filename") or "",
        label=optional("label"),
        uploaded_for=optional("modelId"),
        slots=fields.spare("assignedModelSlots", slots) or (),
        data_version=optional("dataVersion"),
        image=optional("dockerImageName"),
        status=fields.optional_text("validationStatus") or "",
        run_status=optional("triggerStatus"),
        diagnostics_status=optional("diagnosticsStatus"),
        diagnostics_words=optional("diagnosticsStatusDescription"),
        time=fields.spare("insertedAt", fields.optional_time),
        triggers=fields.spare("triggers", triggers) or (),
    )


def _trigger_of(fields: Fields) -> HostedTrigger:
    def words(name: str) -> list[tuple[datetime, str, str]]:
        found = [_word_of(one) for one in fields.children(name, kind="TriggerStatus")]
        return sorted(found, key=lambda word: word[0])

    said = fields.spare("statuses", words) or []
    return HostedTrigger(
        id=fields.text("id"),
        status=fields.optional_text("status") or "",
        submission_id=fields.spare("submissionId", fields.optional_text),
        words=tuple((status, description) for _, status, description in said),
        time=said[0][0] if said else None,
    )


def _word_of(fields: Fields) -> tuple[datetime, str, str]:
    """A status that a run had: since when, the word, what was said of it."""
    moment = fields.spare("insertedAt", fields.optional_time)
    return (
        _LONG_AGO if moment is None else moment,
        fields.optional_text("status") or "",
        fields.optional_text("description") or "",
    )


class _Dated(Protocol):
    @property
    def time(self) -> datetime | None:
        """When it came to be; None where that is not told."""


_Of = TypeVar("_Of", bound=_Dated)


def newest_first(found: Sequence[_Of]) -> tuple[_Of, ...]:
    """Sorted by time, whatever the server's order; without times as they came."""
    if any(one.time is None for one in found):
        return tuple(found)
    return tuple(sorted(found, key=lambda one: one.time or _LONG_AGO, reverse=True))


def line_of(fields: Fields) -> RunnerLine:
    """A line of a log."""
    return RunnerLine(
        time=fields.spare("timestamp", fields.optional_time),
        message=fields.optional_text("message") or "",
    )


def image_of(fields: Fields) -> RunnerImage:
    """An image."""
    return RunnerImage(
        id=fields.text("id"),
        name=fields.text("name"),
        image=fields.spare("image", fields.optional_text),
        tag=fields.spare("tag", fields.optional_text),
        default=bool(fields.spare("default", fields.truth)),
    )


def data_of(fields: Fields) -> RunnerData:
    """A data version."""
    return RunnerData(
        id=fields.text("id"),
        name=fields.text("name"),
        default=bool(fields.spare("default", fields.truth)),
    )
