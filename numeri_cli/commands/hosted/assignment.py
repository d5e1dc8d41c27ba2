"""An uploaded model put into a slot or taken off it, and the proof that it was."""

from __future__ import annotations

import time
from collections.abc import Sequence

from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle, HostedSlot
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.slots import name_of
from numeri_cli.errors import HostedPending, HostedTwice

_LOOKS = 6  # at the account, until it shows what was done


def require_alone(pickle: HostedPickle, slot: HostedSlot, known: Sequence[HostedSlot]) -> None:
    """Raise HostedTwice where another slot has the model already."""
    others = [name_of(known, one) for one in pickle.slots if one != slot.id]
    others += [one.name for one in known if one.pickle_id == pickle.id and one.id != slot.id]
    if others:
        first = others[0]
        raise HostedTwice(
            f"the uploaded model {pickle.id} submits for {first} already, and {slot.name} would"
            " submit the same predictions",
            hint=f"`numeri hosted remove {first}` takes it off there; --also lets both have it",
        )


def put(context: Context, slot: HostedSlot, pickle_id: str | None) -> HostedSlot:
    """Put a model into a slot, or take off what is there; the slot as the server shows it then.

    Raises HostedPending where the account does not show it after all.
    """
    if slot.pickle_id != pickle_id:
        calls.assign(context.client, model_id=slot.id, pickle_id=pickle_id)
        context.listener.step("hosted_assigned")
    for look in range(_LOOKS):
        if look:
            time.sleep(context.client.limits.poll_seconds)
        found = next((one for one in calls.slots(context.client) if one.id == slot.id), None)
        if found is not None and found.pickle_id == pickle_id:
            context.listener.step("hosted_proved")
            return found
    holds = "nothing" if found is None or found.pickle_id is None else found.pickle_id
    wanted = "nothing" if pickle_id is None else pickle_id
    raise HostedPending(
        f"the server took the change, but the account shows {holds} at {slot.name}, not {wanted}",
        hint=f"`numeri hosted status {slot.name}` shows it later; run the same command again",
    )
