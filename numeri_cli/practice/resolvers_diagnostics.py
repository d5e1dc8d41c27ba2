"""Diagnostics on the wire: an uploaded validation file, scored by the service."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from numeri_cli.practice import accounts, submissions
from numeri_cli.practice import diagnostics as service
from numeri_cli.practice.diagnostics import EraDiagnostics
from numeri_cli.practice.refusals import not_found
from numeri_cli.practice.resolvers_submissions import READ_SCOPE, UPLOAD_SCOPE, upload_auth
from numeri_cli.practice.resolvers_view import CLASSIC, Asked, View, Wire, require_classic, viewing
from numeri_cli.practice.store import Row, insert, moment_of
from numeri_cli.practice.submission_check import SUFFIXES, Unfit

DONE, FAILED = "done", "failed"
ROLES = {
    "Corr": "corr",
    "Mmc": "mmc",
    "Bmc": "bmc",
    "FeatureNeutralCorrV3": "fnc_v3",
}


def diagnostics_upload_auth(
    view: View, *, filename: str, tournament: int, model_id: str | None = None
) -> Wire:
    """A name and a signed URL to PUT validation predictions to."""
    require_classic(tournament)
    return upload_auth(view, filename, kind="diagnostics", suffixes=SUFFIXES, model_id=model_id)


def create_diagnostics(
    asked: Asked, *, filename: str, tournament: int, model_id: str | None = None
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
            asked.tournament.folders.uploads / filename, asked.tournament.files()
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
    view: View,
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
        "examplePredsCorrMean": _mean([era.example_corr for era in eras]),
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
        values = [getattr(era, name) for era in eras]
        wire[f"validation{role}Mean"] = _mean(values)
        wire[f"validation{role}Std"] = _std(values)
        wire[f"validation{role}Sharpe"] = _sharpe(values)
    corrs = [era.corr for era in eras]
    both = [era.corr + era.mmc for era in eras if era.corr is not None and era.mmc is not None]
    wire["validationCorrPlusMmcMean"] = _mean(both)
    wire["validationCorrPlusMmcStd"] = _std(both)
    wire["validationCorrPlusMmcSharpe"] = _sharpe(both)
    wire["validationMaxDrawdown"] = wire["validationCorrMaxDrawdown"] = _drawdown(corrs)
    wire["validationAutocorr"] = _autocorrelation(corrs)
    wire["validationCorrCorrWExamplePreds"] = _mean([era.example_corr for era in eras])
    return wire


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float | None]) -> float | None:
    known = _known(values)
    return float(np.mean(known)) if known else None


def _std(values: Sequence[float | None]) -> float | None:
    known = _known(values)
    return float(np.std(known)) if known else None


def _sharpe(values: Sequence[float | None]) -> float | None:
    mean, std = _mean(values), _std(values)
    return mean / std if mean is not None and std else None


def _drawdown(values: Sequence[float | None]) -> float | None:
    """The largest fall of the cumulative sum, as a positive number."""
    known = _known(values)
    if not known:
        return None
    path = np.concatenate([[0.0], np.cumsum(known)])
    return float((np.maximum.accumulate(path) - path).max())


def _autocorrelation(values: Sequence[float | None]) -> float | None:
    known = _known(values)
    if len(known) < 3 or np.std(known[1:]) == 0 or np.std(known[:-1]) == 0:
        return None
    return float(np.corrcoef(known[1:], known[:-1])[0, 1])
