"""Diagnostics by the server: leave to put a file, the request to score it, what came of it."""

from __future__ import annotations

from numeri_cli.api import queries
from numeri_cli.api.answers import Fields, UploadAuthorization, authorization_of
from numeri_cli.api.client import Client
from numeri_cli.records import Diagnostics, DiagnosticsEra


def upload_authorization(
    client: Client, filename: str, *, model_id: str | None = None
) -> UploadAuthorization:
    """Leave to put a file of validation predictions; the server renames it."""
    data = client.ask(
        queries.DIAGNOSTICS_AUTHORIZATION,
        keyed=True,
        filename=filename,
        tournament=client.tournament.number,
        modelId=model_id,
    )
    return authorization_of(data.child("diagnosticsUploadAuth", kind="FileUploadAuth"))


def create(client: Client, filename: str, *, model_id: str | None = None) -> str:
    """Have an uploaded file scored, once; returns the id of its diagnostics."""

    def held() -> str | None:
        data = client.ask(queries.DIAGNOSTICS_FILES, keyed=True, modelId=model_id)
        found = data.children("diagnostics", kind="V2Diagnostics")
        ours = (item for item in found if item.optional_text("filename") == filename)
        return next((item.text("id") for item in ours), None)

    return client.create(
        queries.CREATE_DIAGNOSTICS,
        "createDiagnostics",
        held=held,
        filename=filename,
        tournament=client.tournament.number,
        modelId=model_id,
    )


def diagnostics(
    client: Client, diagnostics_id: str, *, model_id: str | None = None
) -> Diagnostics | None:
    """One file's diagnostics, or None where the server does not show them (yet)."""
    data = client.ask(queries.DIAGNOSTICS, keyed=True, id=diagnostics_id, modelId=model_id)
    found = map(_diagnostics_of, data.children("diagnostics", kind="V2Diagnostics"))
    return next((item for item in found if item.id == diagnostics_id), None)


def _diagnostics_of(fields: Fields) -> Diagnostics:
    """A status is kept as it came; without results there are no eras."""
    nothing_yet = fields.get("perEraDiagnostics") is None
    number = fields.optional_number
    return Diagnostics(
        id=fields.text("id"),
        status=fields.optional_text("status") or "",
        message=fields.optional_text("message"),
        filename=fields.optional_text("filename"),
        eras_accepted=fields.optional_integer("erasAcceptedCount"),
        corr_mean=number("validationCorrMean"),
        corr_std=number("validationCorrStd"),
        corr_sharpe=number("validationCorrSharpe"),
        corr_drawdown=number("validationMaxDrawdown"),
        mmc_mean=number("validationMmcMean"),
        mmc_std=number("validationMmcStd"),
        mmc_sharpe=number("validationMmcSharpe"),
        bmc_mean=number("validationBmcMean"),
        fnc_mean=number("validationFeatureNeutralCorrV3Mean"),
        max_exposure=number("validationFeatureCorrMax"),
        eras=() if nothing_yet else _eras_of(fields),
    )


def _eras_of(fields: Fields) -> tuple[DiagnosticsEra, ...]:
    return tuple(map(_era_of, fields.children("perEraDiagnostics", kind="V2DiagnosticsEras")))


def _era_of(fields: Fields) -> DiagnosticsEra:
    number = fields.optional_number
    return DiagnosticsEra(
        era=fields.text("era"),
        corr=number("validationCorr"),
        mmc=number("validationMmc"),
        bmc=number("validationBmc"),
        fnc=number("validationFeatureNeutralCorrV3"),
        max_exposure=number("validationFeatureCorrMax"),
    )
