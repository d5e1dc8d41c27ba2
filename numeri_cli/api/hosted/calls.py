"""One function for each question about hosted models. All may raise what the client raises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from numeri_cli.api import queries
from numeri_cli.api.answers import Fields, UploadAuthorization, authorization_of
from numeri_cli.api.client import Client
from numeri_cli.api.hosted.answers import (
    HostedPickle,
    HostedSlot,
    HostedTrigger,
    RunnerData,
    RunnerImage,
    RunnerLine,
    data_of,
    image_of,
    line_of,
    newest_first,
    pickle_of,
    slot_of,
)
from numeri_cli.errors import ServerTrouble


def slots(client: Client) -> tuple[HostedSlot, ...]:
    """All slots of the account, those of other tournaments too."""
    data = client.ask(queries.HOSTED_SLOTS, keyed=True).child("account", kind="Account")
    return tuple(map(slot_of, data.children("models", kind="Model")))


def images(client: Client) -> tuple[RunnerImage, ...]:
    """The images that models may be given now."""
    data = client.ask(queries.RUNNER_IMAGES, keyed=True)
    found = data.children("computePickleDockerImages", kind="ComputePickleDockerImage")
    return tuple(map(image_of, found))


def data_versions(client: Client) -> tuple[RunnerData, ...]:
    """The data versions that models may be given now."""
    data = client.ask(queries.RUNNER_DATA, keyed=True)
    found = data.children("computePickleDataVersions", kind="ComputePickleDataVersion")
    return tuple(map(data_of, found))


def upload_authorization(client: Client, filename: str, *, model_id: str) -> UploadAuthorization:
    """Leave to put one pickle; the server renames it."""
    data = client.ask(queries.PICKLE_AUTHORIZATION, keyed=True, filename=filename, modelId=model_id)
    return authorization_of(data.child("computePickleUploadAuth", kind="FileUploadAuth"))


def create(
    client: Client, filename: str, *, model_id: str, image_id: str, data_version_id: str
) -> str:
    """Have an uploaded pickle taken as a model, once; returns its id. 3 in 30 minutes."""

    def held() -> str | None:
        return next((one.id for one in pickles(client) if one.filename == filename), None)

    return client.create(
        queries.CREATE_PICKLE,
        "createComputePickleUpload",
        held=held,
        filename=filename,
        tournament=client.tournament.number,
        modelId=model_id,
        dockerImageId=image_id,
        dataVersionId=data_version_id,
        source="numeri",
    )


def pickles(client: Client) -> tuple[HostedPickle, ...]:
    """All uploaded models of the account, newest first."""
    data = client.ask(queries.PICKLES, keyed=True)
    found = data.children("computePickles", kind="ComputePickleUpload")
    return newest_first([pickle_of(one) for one in found])


def pickle(client: Client, pickle_id: str) -> HostedPickle | None:
    """One uploaded model, or None where the server does not show it (yet)."""
    data = client.ask(queries.PICKLE, keyed=True, id=pickle_id)
    found = map(pickle_of, data.children("computePickles", kind="ComputePickleUpload"))
    return next((one for one in found if one.id == pickle_id), None)


def assign(client: Client, *, model_id: str, pickle_id: str | None) -> None:
    """Let an uploaded model submit for a slot; None takes off what is there."""
    client.ask(queries.ASSIGN_PICKLE, keyed=True, modelId=model_id, pickleId=pickle_id)


def trigger(client: Client, *, model_id: str, pickle_id: str, known: frozenset[str]) -> str:
    """Have an uploaded model run now, once; returns the id of the pickle.

    known: ids of the runs that it had before
    """

    def held() -> str | None:
        found = pickle(client, pickle_id)
        fresh = found is not None and any(one.id not in known for one in found.triggers)
        return pickle_id if fresh else None

    return client.create(
        queries.TRIGGER_PICKLE,
        "triggerComputePickleUpload",
        held=held,
        modelId=model_id,
        pickleId=pickle_id,
    )


def trigger_log(client: Client, run: HostedTrigger | str) -> tuple[RunnerLine, ...]:
    """The log of a run, or of the call of a webhook by its id."""
    trigger_id = run if isinstance(run, str) else run.id
    data = client.ask(queries.TRIGGER_LOG, keyed=True, triggerId=trigger_id)
    return _in_order(data.children("triggerLogs", kind="TriggerLog"))


def diagnostics_log(client: Client, pickle_id: str) -> tuple[RunnerLine, ...]:
    """The log of the diagnostics that began after a model was validated."""
    data = client.ask(queries.PICKLE_DIAGNOSTICS_LOG, keyed=True, pickleId=pickle_id)
    return _in_order(data.children("diagnosticsTriggerLogs", kind="TriggerLog"))


def _in_order(found: Sequence[Fields]) -> tuple[RunnerLine, ...]:
    """The lines of a log, oldest first; those of one time as they came."""
    lines = [line_of(one) for one in found]
    times = [one.time for one in lines if one.time is not None]
    if len(times) < len(lines):
        return tuple(lines)
    order = sorted(range(len(lines)), key=times.__getitem__)
    return tuple(lines[place] for place in order)


def set_label(client: Client, pickle_id: str, label: str) -> None:
    """Call an uploaded model so."""
    client.ask(queries.LABEL_PICKLE, keyed=True, pickleId=pickle_id, label=label)


def download_url(client: Client, *, model_id: str, pickle_id: str) -> UploadAuthorization:
    """The name of an uploaded model's file and an address to GET it from; a secret.

    The keys need the scope download_submission.
    """
    data = client.ask(queries.PICKLE_DOWNLOAD, keyed=True, modelId=model_id, pickleId=pickle_id)
    return authorization_of(data.child("computePickleDownloadAuth", kind="FileUploadAuth"))


def set_webhook(client: Client, *, model_id: str, address: str | None) -> None:
    """Have an address called when a round opens; None takes it off."""
    client.ask(queries.SET_WEBHOOK, keyed=True, modelId=model_id, newSubmissionWebhook=address)


def call_webhook(client: Client, model_id: str) -> str:
    """Have a slot's webhook called now, once; returns the trigger's id.

    Raises ServerTrouble, too, where the answer is lost: it may have been called.
    """

    def held() -> NoReturn:
        raise ServerTrouble(
            "the answer to the call of the webhook was lost",
            hint="look at the receiver: it may have been called; else run the same command again",
        )

    return client.create(queries.CALL_WEBHOOK, "triggerModelWebhook", held=held, modelId=model_id)
