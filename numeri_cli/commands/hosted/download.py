"""numeri hosted download: an uploaded model as a file; it is never opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.api.files.submitted import stored_bytes
from numeri_cli.api.hosted import calls
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.pickles import of_slot
from numeri_cli.commands.hosted.slots import account_slots, slot_named
from numeri_cli.errors import TransferCorrupt, UsageProblem
from numeri_cli.files import atomic_path, disk_errors
from numeri_cli.ledger.hosted_uploads import hosted_uploads
from numeri_cli.published import Published

MOST_BYTES = 2**30


@dataclass(frozen=True, kw_only=True)
class HostedDownload(Published):
    """Where the file is; digest: SHA-256, in hex; known: this machine has uploaded these bytes."""

    model: str
    pickle_id: str
    filename: str
    file: Path
    size_bytes: int
    digest: str
    known: bool


def download(
    context: Context, model: str, *, pickle_id: str | None = None, output: Path | None = None
) -> HostedDownload:
    """Fetch what a slot runs, or another uploaded model, into a file that is not there yet.

    output: by default named after the model
    Raises ModelUnknown, SlotUnfit, HostedMissing, UsageProblem where the file is there,
    TransferCorrupt where it is not what this machine had uploaded, DiskError and what the client
    and transfers raise.
    """
    slot = slot_named(account_slots(context), model)
    pickle = of_slot(slot, calls.pickles(context.client), pickle_id=pickle_id)
    path = output or Path(f"{slot.name}.pkl")
    if path.exists():
        raise UsageProblem(f"{path} is there already", hint="name another file: --output")
    found = calls.download_url(context.client, model_id=slot.id, pickle_id=pickle.id)
    limits = context.client.limits
    content = stored_bytes(
        context.client.connector,
        found.url,
        name=f"the uploaded model {pickle.id}",
        at_most=MOST_BYTES,
        whole_seconds=limits.no_progress_seconds + MOST_BYTES / limits.stall_bytes_per_second,
        deadline=context.client.deadline,
    )
    digest = hashlib.sha256(content).hexdigest()
    sent = [
        one.digest
        for one in hosted_uploads(context.ledger, context.tournament)
        if one.filename == pickle.filename
    ]
    if sent and digest not in sent:
        raise TransferCorrupt(
            f"the uploaded model {pickle.id} is not what this machine had uploaded as"
            f" {pickle.filename}",
            hint="take it off the slot and upload yours again; somebody may have your keys",
        )
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path, mode=0o600) as temporary:
            temporary.write_bytes(content)
    return HostedDownload(
        model=slot.name,
        pickle_id=pickle.id,
        filename=pickle.filename,
        file=path.absolute(),
        size_bytes=len(content),
        digest=digest,
        known=bool(sent),
    )
