"""Diagnostics on the wire: an uploaded validation file, scored by the service."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from numeri_cli.practice.database.database import Row, insert, moment_of
from numeri_cli.practice.participants import accounts, submissions
from numeri_cli.practice.participants.check import SUFFIXES, Unfit
from numeri_cli.practice.participants.refusals import not_found
from numeri_cli.practice.rounds import diagnostics as service
from numeri_cli.practice.rounds.diagnostics import TOP_BOTTOM, EraDiagnostics, FloatArray, plain
from numeri_cli.practice.server.resolvers.request import (
    CLASSIC,
    ApiRequest,
    RequestView,
    Wire,
    require_classic,
    viewing,
)
from numeri_cli.practice.server.resolvers.submissions import READ_SCOPE, UPLOAD_SCOPE, upload_auth
from numeri_cli.scoring.summary import summarize

DONE, FAILED = "done", "failed"
ROLES = {
    "Corr": "corr",
    "Mmc": "mmc",
    "Bmc": "bmc",
    "FeatureNeutralCorrV3": "fnc_v3",
}


def diagnostics_upload_auth(
    view: RequestView, *, filename: str, tournament: int, model_id: str | None = None
) -> Wire:
    """A name and a signed URL to PUT validation predictions to."""
    require_classic(tournament)
    return upload_auth(view, filename, kind="diagnostics", suffixes=SUFFIXES, model_id=model_id)


def create_diagnostics(
    asked: ApiRequest, *, filename: str, tournament: int, model_id: str | None = None
) -> Wire:
    """Score an uploaded file over the validation eras."""
    require_classic(tournament)
    with viewing(asked) as view:
        caller = view.caller(UPLOAD_SCOPE)
        model = view.own_model(caller, model_id) if model_id else None
        upload = submissions.upload_named(
            view.connection, filename, kind="diagnostics", account_id=caller.account.id
        )
        moment = view.now
    if upload is None:
        raise not_found("File")
    started = time.monotonic()
    eras: tuple[EraDiagnostics, ...] = ()
    message = None
    try:
        eras = service.evaluate(
            asked.tournament.folders.uploads / filename, asked.tournament.field_world().era_records
        )
    except Unfit as unfit:
        message = str(unfit)
    diagnostics_id = accounts.new_id()
    with asked.tournament.store.writing() as connection:
        insert(
            connection,
            "diagnostics",
            id=diagnostics_id,
            account_id=caller.account.id,
            model_id=model.id if model else None,
            filename=filename,
            status=FAILED if message else DONE,
            message=message,
            result=service.encoded(eras),
            inserted_at=moment,
            updated_at=moment,
        )
    with viewing(asked) as view:
        row = view.connection.execute(
            "SELECT * FROM diagnostics WHERE id = ?", (diagnostics_id,)
        ).fetchone()
    return {**_wire(row), "processSecs": time.monotonic() - started}


def diagnostics(
    view: RequestView,
    *,
    id_: str | None = None,
    model_id: str | None = None,
) -> list[Wire]:
    """The caller's diagnostics, newest first: one by its id, or those of a model."""
    caller = view.caller(READ_SCOPE)
    rows = view.connection.execute(
        "SELECT * FROM diagnostics WHERE account_id = ? ORDER BY sequence DESC",
        (caller.account.id,),
    )
    return [
        _wire(row)
        for row in rows
        if id_ in (None, row["id"]) and model_id in (None, row["model_id"])
    ]


def _wire(row: Row) -> Wire:
    eras = service.decoded(row["result"])
    return {
        **_diagnostics_wire(row, eras),
        "tb200Diagnostics": lambda: _top_bottom(row, eras),
    }


def _top_bottom(row: Row, eras: Sequence[EraDiagnostics]) -> Wire | None:
    """Diagnostics on the extremes of each era alone; None in a world of too few stocks."""
    if all(era.mmc_tb200 is None for era in eras):
        return None
    extremes = [era.top_bottom for era in eras]
    return {**_diagnostics_wire(row, extremes), "topBottom": TOP_BOTTOM}


def _diagnostics_wire(row: Row, eras: Sequence[EraDiagnostics]) -> Wire:
    return {
        "id": row["id"],
        "filename": row["filename"],
        "tournament": CLASSIC,
        "status": row["status"],
        "message": row["message"],
        "insertedAt": moment_of(row["inserted_at"]),
        "updatedAt": moment_of(row["updated_at"]),
        "erasAcceptedCount": len(eras),
        "erasMissing": [],
        "trainedOnVal": False,
        "perEraDiagnostics": [_era_wire(era) for era in eras],
        "examplePredsCorrMean": _mean(eras, "example_corr"),
        "validationFeatureCorrMax": max(
            (era.feature_corr_max for era in eras if era.feature_corr_max is not None), default=None
        ),
        **_aggregates(eras),
    }


def _era_wire(era: EraDiagnostics) -> Wire:
    wire: Wire = {f"validation{role}": getattr(era, name) for role, name in ROLES.items()}
    wire["era"] = era.era
    wire["examplePredsCorr"] = era.example_corr
    wire["validationFeatureCorrMax"] = era.feature_corr_max
    return wire


def _aggregates(eras: Sequence[EraDiagnostics]) -> Wire:
    wire: Wire = {}
    for role, name in ROLES.items():
        wire.update(_spread(f"validation{role}", _series(eras, name)))
    wire.update(_spread("validationCorrPlusMmc", _series(eras, "corr") + _series(eras, "mmc")))
    corrs = summarize(_series(eras, "corr"))
    wire["validationMaxDrawdown"] = wire["validationCorrMaxDrawdown"] = plain(corrs.drawdown)
    wire["validationAutocorr"] = plain(corrs.autocorrelation)
    wire["validationCorrCorrWExamplePreds"] = _mean(eras, "example_corr")
    return wire


def _spread(role: str, series: FloatArray) -> Wire:
    summary = summarize(series)
    return {
        f"{role}Mean": plain(summary.mean),
        f"{role}Std": plain(summary.std),
        f"{role}Sharpe": plain(summary.sharpe),
    }


def _mean(eras: Sequence[EraDiagnostics], name: str) -> float | None:
    return plain(summarize(_series(eras, name)).mean)


def _series(eras: Sequence[EraDiagnostics], name: str) -> FloatArray:
    """(n_eras,), NaN where an era has no such score."""
    return np.array([getattr(era, name) for era in eras], dtype=np.float64)
