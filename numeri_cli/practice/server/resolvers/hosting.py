"""Hosted models on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from numeri_cli.practice.participants import accounts, submissions
from numeri_cli.practice.participants import hosted_models as hosting
from numeri_cli.practice.participants.accounts import ParticipantModel
from numeri_cli.practice.participants.hosted_models import (
    DATA_VERSIONS,
    DOCKER_IMAGES,
    HostingChoice,
    UploadedModel,
)
from numeri_cli.practice.participants.refusals import Refusal, not_found
from numeri_cli.practice.server.resolvers.request import (
    ApiRequest,
    RequestView,
    Wire,
    require_classic,
    viewing,
)
from numeri_cli.practice.server.resolvers.submissions import UPLOAD_SCOPE, upload_auth

SUFFIXES = (".pkl",)
LABEL = "model"


def compute_pickle_upload_auth(
    view: RequestView, *, filename: str | None = "model.pkl", model_id: str | None = None
) -> Wire:
    """A name and a signed URL to PUT a model file to."""
    name = filename or "model.pkl"
    return upload_auth(view, name, kind="model", suffixes=SUFFIXES, model_id=model_id)


def create_compute_pickle_upload(
    asked: ApiRequest,
    *,
    filename: str,
    tournament: int,
    model_id: str | None = None,
    data_version_id: str | None = None,
    docker_image_id: str | None = None,
    source: str | None = None,
) -> Wire:
    """Take an uploaded file as a hosted model: looked at, never executed."""
    require_classic(tournament)
    with viewing(asked) as view:
        caller = view.caller(UPLOAD_SCOPE)
        model = view.own_model(caller, model_id) if model_id else None
        upload = submissions.upload_named(
            view.connection, filename, kind="model", account_id=caller.account.id
        )
        moment = view.now
    if upload is None:
        raise not_found("File")
    whole = hosting.is_pickle(asked.tournament.folders.uploads / filename)
    hosted = UploadedModel(
        id=accounts.new_id(),
        account_id=caller.account.id,
        model_id=model.id if model else None,
        filename=filename,
        data_version_id=_chosen(DATA_VERSIONS, data_version_id, what="Data version").id,
        docker_image_id=_chosen(DOCKER_IMAGES, docker_image_id, what="Docker image").id,
        validation_status="validated" if whole else "failed",
        inserted_at=moment,
        updated_at=moment,
    )
    with asked.tournament.store.writing() as connection:
        hosting.record(connection, hosted)
    with viewing(asked) as view:
        return hosted_wire(view, hosted)


def _chosen(choices: Sequence[HostingChoice], choice_id: str | None, *, what: str) -> HostingChoice:
    found = next(
        (one for one in choices if one.id == choice_id or (choice_id is None and one.is_default)),
        None,
    )
    if found is None:
        raise not_found(what)
    return found


def assign_pickle_to_model(
    asked: ApiRequest, *, model_id: str | None = None, pickle_id: str | None = None
) -> str:
    """Let a hosted model submit for a slot; null takes it off."""
    with viewing(asked) as view:
        caller = view.caller(UPLOAD_SCOPE)
        model = view.own_model(caller, model_id)
        known = hosting.hosted_models(view.connection, caller.account.id)
    if pickle_id is not None:
        hosted = next((one for one in known if one.id == pickle_id), None)
        if hosted is None:
            raise not_found("Pickle")
        if hosted.validation_status != "validated":
            raise Refusal("Pickle failed validation")
    with asked.tournament.store.writing() as connection:
        hosting.assign(connection, model.id, pickle_id)
    return "true"


def compute_pickles(
    view: RequestView,
    *,
    id_: str | None = None,
    model_id: str | None = None,
    unassigned: bool = False,
) -> list[Wire]:
    """The caller's hosted models, newest first."""
    caller = view.caller("read_submission_info")
    found = hosting.hosted_models(view.connection, caller.account.id)
    rows = [
        hosted_wire(view, one)
        for one in found
        if id_ in (None, one.id) and model_id in (None, one.model_id)
    ]
    return [row for row in rows if not (unassigned and row["assignedModelSlots"])]


def hosted_in(view: RequestView, model: ParticipantModel) -> Wire | None:
    """What is assigned to a slot."""
    found = hosting.hosted_models(view.connection, model.account_id)
    return next((hosted_wire(view, one) for one in found if one.id == model.hosted_id), None)


def hosted_wire(view: RequestView, one: UploadedModel) -> Wire:
    """A hosted model as the API shows it."""
    image = next(choice for choice in DOCKER_IMAGES if choice.id == one.docker_image_id)
    version = next(choice for choice in DATA_VERSIONS if choice.id == one.data_version_id)
    return {
        "id": one.id,
        "label": LABEL,
        "filename": one.filename,
        "version": 1,
        "modelId": one.model_id,
        "assignedModelSlots": hosting.slots_of(view.connection, one.id),
        "dataVersion": version.name,
        "dockerImageId": image.id,
        "dockerImageName": image.name,
        "validationStatus": one.validation_status,
        "triggerStatus": None,
        "insertedAt": one.inserted_at,
        "updatedAt": one.updated_at,
    }


def compute_pickle_data_versions(view: RequestView, *, deprecated: bool = False) -> list[Wire]:
    """Data that a hosted model may be given."""
    view.caller()
    return [
        {**_choice_wire(one), "version": one.detail, "type": "classic"} for one in DATA_VERSIONS
    ]


def compute_pickle_docker_images(
    view: RequestView, *, deprecated: bool | None = False
) -> list[Wire]:
    """Pythons that a hosted model may be given."""
    view.caller()
    started = view.state.calendar.first_opens_at
    return [
        {
            **_choice_wire(one),
            "image": f"numerai_predict_py_{one.detail.replace('.', '_')}",
            "tag": "stable",
            "insertedAt": started,
        }
        for one in DOCKER_IMAGES
    ]


def _choice_wire(one: HostingChoice) -> Wire:
    return {
        "id": one.id,
        "name": one.name,
        "default": one.is_default,
        "deprecated": False,
        "experimental": False,
    }
