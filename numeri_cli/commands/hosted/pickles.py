"""Which uploaded model of a slot is meant."""

from __future__ import annotations

from collections.abc import Sequence

from numeri_cli.api.hosted.answers import HostedPickle, HostedSlot
from numeri_cli.errors import HostedFailed, HostedMissing, HostedPending

_UPLOAD = "`numeri hosted upload model.pkl --model {name} --assign` brings one"


def assigned_to(slot: HostedSlot, known: Sequence[HostedPickle]) -> HostedPickle:
    """What a slot runs. Raises HostedMissing."""
    found = next((one for one in known if one.id == slot.pickle_id), None)
    if found is None:
        raise HostedMissing(
            f"{slot.name} runs no uploaded model", hint=_UPLOAD.format(name=slot.name)
        )
    return found


def named(known: Sequence[HostedPickle], pickle_id: str) -> HostedPickle:
    """The uploaded model of that id. Raises HostedMissing."""
    found = next((one for one in known if one.id == pickle_id), None)
    if found is None:
        listed = ", ".join(one.id for one in known[:5]) or "none"
        raise HostedMissing(
            f"the account has no uploaded model {pickle_id[:60]!r}", hint=f"the newest: {listed}"
        )
    return found


def of_slot(
    slot: HostedSlot, known: Sequence[HostedPickle], *, pickle_id: str | None
) -> HostedPickle:
    """The one named, else what the slot runs, else the newest that was uploaded for it.

    Raises HostedMissing.
    """
    if pickle_id is not None:
        return named(known, pickle_id)
    if slot.pickle_id is not None:
        return assigned_to(slot, known)
    found = next((one for one in known if one.uploaded_for == slot.id), None)
    if found is None:
        raise HostedMissing(
            f"no model was uploaded for {slot.name}", hint=_UPLOAD.format(name=slot.name)
        )
    return found


def to_assign(
    slot: HostedSlot, known: Sequence[HostedPickle], *, pickle_id: str | None
) -> HostedPickle:
    """The one named, else the newest validated one that was uploaded for the slot.

    Raises HostedMissing; HostedFailed, HostedPending for one that is not validated.
    """
    if pickle_id is None:
        own = [one for one in known if one.uploaded_for == slot.id]
        chosen = next((one for one in own if one.validated), None) or next(iter(own), None)
        if chosen is None:
            raise HostedMissing(
                f"no model was uploaded for {slot.name}", hint=_UPLOAD.format(name=slot.name)
            )
    else:
        chosen = named(known, pickle_id)
    if chosen.refused:
        raise HostedFailed(
            f"the uploaded model {chosen.id} failed its validation",
            hint=f"`numeri hosted logs {slot.name} --pickle {chosen.id}` shows why",
        )
    if not chosen.validated:
        raise HostedPending(
            f"the uploaded model {chosen.id} is not validated yet: {chosen.status!r}",
            hint="run the same command again in a few minutes",
        )
    return chosen
