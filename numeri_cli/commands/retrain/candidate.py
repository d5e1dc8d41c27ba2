"""A retrained model beside the old one: made, found again after a kill, given its place."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring
from numeri_cli.commands.profile_differences import differing_keys
from numeri_cli.commands.retrain.due import CANDIDATES, period_of
from numeri_cli.errors import ApiError
from numeri_cli.files import disk_errors
from numeri_cli.learning.artifact import Artifact, artifacts
from numeri_cli.learning.training import train
from numeri_cli.ledger.retrainings import Decision, keep_retraining, retrainings


def candidates(context: Context, name: str) -> Path:
    """The folder in which a model's candidates are."""
    return context.home.data / CANDIDATES / context.tournament / name


def time_now(context: Context) -> datetime:
    """The tournament's time, else this machine's where the server does not answer."""
    try:
        return context.client.now()
    except ApiError:
        return datetime.now(UTC)


def note(
    context: Context, name: str, state: Decision, words: str, *, artifact: Artifact | None = None
) -> None:
    """Write a step of a retraining into the ledger."""
    keep_retraining(
        context.ledger,
        context.tournament,
        model=name,
        state=state,
        words=words,
        time=time_now(context),
        artifact=artifact.contract.artifact_id if artifact else None,
        digest=artifact.digest if artifact else None,
    )


def finish_adoption(context: Context, name: str) -> None:
    """Give a candidate its place that the ledger has as adopted: a process was killed between."""
    adopted = {
        (one.artifact, one.digest) for one in context.ledger.models(context.tournament, model=name)
    }
    for artifact in artifacts(candidates(context, name), tournament=context.tournament):
        if (artifact.contract.artifact_id, artifact.digest) in adopted:
            put_in_place(context, artifact)


def put_in_place(context: Context, artifact: Artifact) -> None:
    """Move a candidate among the model's artifacts, by one rename."""
    contract = artifact.contract
    final = context.workspace.artifacts(contract.model) / contract.artifact_id
    with disk_errors(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        artifact.folder.rename(final)
    context.listener.step("retrained")


def remove(artifact: Artifact) -> None:
    """Remove a candidate."""
    with disk_errors(artifact.folder):
        shutil.rmtree(artifact.folder)


def waiting_candidate(context: Context, name: str) -> Artifact | None:
    """One that was trained as the profile says now, by this machine, and may still be taken over.

    It is not decided about, or was kept aside less than a period of retraining ago. Others that
    lie there are removed.
    """
    entries = [one for one in retrainings(context.ledger, context.tournament) if one.model == name]
    newest = {(one.artifact, one.digest): one for one in reversed(entries) if one.artifact}
    period, now = period_of(context.profile.model(name)), time_now(context)
    trained = {
        key
        for key, one in newest.items()
        if one.state == "trained"
        or (one.state == "kept aside" and (period is None or now - one.time < period))
    }
    found = artifacts(candidates(context, name), tournament=context.tournament)
    for place, artifact in enumerate(found):
        changed = differing_keys(
            context.profile.model(name),
            artifact.contract,
            data_version=context.data_version,
            names_of_set=context.workspace.feature_file.features,
        )
        if place or changed or (artifact.contract.artifact_id, artifact.digest) not in trained:
            remove(artifact)
    return found[0] if found and found[0].folder.is_dir() else None


def trained_candidate(context: Context, name: str) -> Artifact:
    """Fetch what changed and train beside the old model; a killed training goes on."""
    spec = context.profile.model(name)
    files = {
        context.files.features,
        context.files.validation,
        *map(context.files.named, spec.data),
    }
    bring(context, sorted(files))
    waiting = waiting_candidate(context, name)
    if waiting is not None:
        return waiting
    context.listener.step("retraining")

    def vouch(artifact: Artifact) -> None:
        note(context, name, "trained", "", artifact=artifact)
        context.listener.step("artifact_vouched")

    artifact = train(
        name,
        spec,
        context.renew_workspace(),
        folder=candidates(context, name),
        vouch=vouch,
        listener=context.listener,
    )
    context.listener.step("candidate_trained")
    return artifact
