"""Hosted models on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from numeri_cli.practice.participants import accounts, hosted_runs, submissions
from numeri_cli.practice.participants import hosted_models as hosting
from numeri_cli.practice.participants.accounts import Caller, ParticipantModel
from numeri_cli.practice.participants.hosted_models import (
    DATA_VERSIONS,
    DOCKER_IMAGES,
    HostingChoice,
    UploadedModel,
)
from numeri_cli.practice.participants.hosted_runs import (
    DIAGNOSTICS,
    ROUND,
    VALIDATION,
    RecordedRun,
)
from numeri_cli.practice.participants.refusals import Refusal, not_found
from numeri_cli.practice.server.hosted_runs import ENDS, VALIDATED
from numeri_cli.practice.server.resolvers.request import (
    ApiRequest,
    RequestView,
    Wire,
    require_classic,
    viewing,
)
from numeri_cli.practice.server.resolvers.rounds import round_id
from numeri_cli.practice.server.resolvers.submissions import READ_SCOPE, UPLOAD_SCOPE, upload_auth
from numeri_cli.practice.server.submitting import keep_copy

SUFFIXES = (".pkl",)
LABEL, VALIDATING = "model", "validating"


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
    """Take an uploaded file as a hosted model, and begin its validation."""
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
    hosted = UploadedModel(
        id=accounts.new_id(),
        account_id=caller.account.id,
        model_id=model.id if model else None,
        filename=filename,
        data_version_id=_chosen(DATA_VERSIONS, data_version_id, what="Data version").id,
        docker_image_id=_chosen(DOCKER_IMAGES, docker_image_id, what="Docker image").id,
        validation_status=VALIDATING,
        inserted_at=moment,
        updated_at=moment,
        source=source,
    )
    folders = asked.tournament.folders
    keep_copy(folders.uploads / filename, folders.hosted_model(hosted.id))
    with asked.tournament.store.writing() as connection:
        hosting.record(connection, hosted)
    asked.hosted_runs.begin(kind=VALIDATION, hosted_id=hosted.id, model_id=hosted.model_id)
    return _shown(asked, hosted.id)


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
        hosted = None if pickle_id is None else own_hosted(view, caller, pickle_id)
    if hosted is not None:
        _require_validated(hosted)
    with asked.tournament.store.writing() as connection:
        hosting.assign(connection, model.id, pickle_id)
    return "true"


def _require_validated(hosted: UploadedModel) -> None:
    if hosted.validation_status != VALIDATED:
        judged = hosted.validation_status in ENDS
        raise Refusal("Pickle failed validation" if judged else "Pickle is not validated yet")


def own_hosted(view: RequestView, caller: Caller, pickle_id: str) -> UploadedModel:
    """The caller's hosted model of that id. Raises Refusal."""
    known = hosting.hosted_models(view.connection, caller.account.id)
    hosted = next((one for one in known if one.id == pickle_id), None)
    if hosted is None:
        raise not_found("Pickle")
    return hosted


def trigger_compute_pickle_upload(
    asked: ApiRequest,
    *,
    model_id: str | None = None,
    pickle_id: str | None = None,
    trigger_validation: bool | None = False,
) -> Wire:
    """Run a hosted model now: for the open round, or to validate it again."""
    with viewing(asked) as view:
        caller = view.caller(UPLOAD_SCOPE)
        model = view.own_model(caller, model_id)
        chosen = pickle_id or model.hosted_id
        if chosen is None:
            raise not_found("Pickle")
        hosted = own_hosted(view, caller, chosen)
        open_round = view.open_round
    if not trigger_validation:
        _require_validated(hosted)
    asked.hosted_runs.begin(
        kind=VALIDATION if trigger_validation else ROUND,
        hosted_id=hosted.id,
        model_id=model.id,
        round_number=None if trigger_validation else open_round,
    )
    return _shown(asked, hosted.id)


def update_pickle_label(asked: ApiRequest, *, pickle_id: str, label: str | None = None) -> Wire:
    """Call a hosted model otherwise."""
    with viewing(asked) as view:
        hosted = own_hosted(view, view.caller(UPLOAD_SCOPE), pickle_id)
    with asked.tournament.store.writing() as connection:
        hosting.set_label(connection, hosted.id, label)
    return _shown(asked, hosted.id)


def compute_pickle_download_auth(
    view: RequestView, *, model_id: str, pickle_id: str | None = None
) -> Wire:
    """A signed URL to GET a hosted model, as it was uploaded; by default the assigned one."""
    caller = view.caller("download_submission")
    chosen = pickle_id or view.own_model(caller, model_id).hosted_id
    if chosen is None:
        raise not_found("Pickle")
    hosted = own_hosted(view, caller, chosen)
    path = f"/hosted/{hosted.id}/{hosted.filename}"
    return {"filename": hosted.filename, "url": view.asked.file_url(path, method="GET")}


def _shown(asked: ApiRequest, hosted_id: str) -> Wire:
    """A hosted model with everything read now: its transaction ends before the answer."""
    with viewing(asked) as view:
        hosted = hosting.hosted_model(view.connection, hosted_id)
        if hosted is None:
            raise not_found("Pickle")
        wire = hosted_wire(view, hosted)
        return {name: value() if callable(value) else value for name, value in wire.items()}


def compute_pickles(
    view: RequestView,
    *,
    id_: str | None = None,
    model_id: str | None = None,
    unassigned: bool = False,
) -> list[Wire]:
    """The caller's hosted models, newest first; what is on its way goes on after this look."""
    caller = view.caller(READ_SCOPE)
    found = hosting.hosted_models(view.connection, caller.account.id)
    rows = [
        hosted_wire(view, one)
        for one in found
        if id_ in (None, one.id) and model_id in (None, one.model_id)
    ]
    view.asked.hosted_runs.look()
    return [row for row in rows if not (unassigned and row["assignedModelSlots"])]


def hosted_in(view: RequestView, model: ParticipantModel) -> Wire | None:
    """What is assigned to a slot."""
    found = hosting.hosted_models(view.connection, model.account_id)
    return next((hosted_wire(view, one) for one in found if one.id == model.hosted_id), None)


def hosted_wire(view: RequestView, one: UploadedModel) -> Wire:
    """A hosted model as the API shows it."""
    image = next(choice for choice in DOCKER_IMAGES if choice.id == one.docker_image_id)
    version = next(choice for choice in DATA_VERSIONS if choice.id == one.data_version_id)
    triggered = hosted_runs.newest(view.connection, one.id, kind=ROUND)
    diagnosed = hosted_runs.newest(view.connection, one.id, kind=DIAGNOSTICS)
    return {
        "id": one.id,
        "label": one.label or LABEL,
        "filename": one.filename,
        "version": 1,
        "modelId": one.model_id,
        "assignedModelSlots": hosting.slots_of(view.connection, one.id),
        "dataVersion": version.name,
        "dockerImageId": image.id,
        "dockerImageName": image.name,
        "validationStatus": one.validation_status,
        "triggerStatus": triggered.status if triggered else None,
        "diagnosticsId": None,
        "diagnosticsStatus": diagnosed.status if diagnosed else None,
        "diagnosticsStatusDescription": _description(view, diagnosed) if diagnosed else None,
        "runtime": None,
        "triggers": lambda: _triggers(view, one),
        "insertedAt": one.inserted_at,
        "updatedAt": one.updated_at,
    }


def _description(view: RequestView, run: RecordedRun) -> str | None:
    """What is said of a run's newest state."""
    states = hosted_runs.states_of(view.connection, run.id)
    return states[-1].description or None if states else None


def _triggers(view: RequestView, one: UploadedModel) -> list[Wire]:
    """Validations and runs for rounds, newest first; diagnostics have a log of their own."""
    return [
        {
            "id": run.id,
            "status": run.status,
            "roundId": None if run.round_number is None else round_id(run.round_number),
            "submissionId": run.submission_id,
            "statuses": [
                {
                    "status": state.status,
                    "description": state.description or None,
                    "insertedAt": state.inserted_at,
                }
                for state in hosted_runs.states_of(view.connection, run.id)
            ],
        }
        for run in hosted_runs.runs_of(view.connection, one.id)
        if run.kind in (VALIDATION, ROUND)
    ]


def trigger_logs(view: RequestView, *, trigger_id: str) -> list[Wire]:
    """The log of a run, or of the call of a webhook, oldest line first."""
    caller = view.caller(READ_SCOPE)
    run = hosted_runs.run(view.connection, trigger_id)
    if run is None or not _is_own(view, caller, run):
        raise not_found("Trigger")
    return _log_wire(view, run)


def _is_own(view: RequestView, caller: Caller, run: RecordedRun) -> bool:
    if run.hosted_id is not None:
        hosted = hosting.hosted_model(view.connection, run.hosted_id)
        return hosted is not None and hosted.account_id == caller.account.id
    model = accounts.model(view.connection, run.model_id or "")
    return model is not None and model.account_id == caller.account.id


def diagnostics_trigger_logs(view: RequestView, *, pickle_id: str) -> list[Wire]:
    """The log of the diagnostics that began after a hosted model was validated."""
    hosted = own_hosted(view, view.caller(READ_SCOPE), pickle_id)
    run = hosted_runs.newest(view.connection, hosted.id, kind=DIAGNOSTICS)
    return [] if run is None else _log_wire(view, run)


def _log_wire(view: RequestView, run: RecordedRun) -> list[Wire]:
    return [
        {"timestamp": line.inserted_at, "message": line.message}
        for line in hosted_runs.log_of(view.connection, run.id)
    ]


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
