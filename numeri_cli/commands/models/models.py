"""numeri models: the account's models, or what was trained on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.learning.artifact import artifacts
from numeri_cli.published import Published


@dataclass(frozen=True)
class AccountModel(Published):
    """A model of the account; hosted: an uploaded model is assigned, which submits by itself."""

    id: str
    name: str
    tournament: int
    hosted: bool


@dataclass(frozen=True)
class AccountModels(Published):
    """The account's models."""

    models: tuple[AccountModel, ...]


@dataclass(frozen=True)
class LocalArtifact(Published):
    """A trained model on this machine.

    machines: the workers of a cluster that trained it; empty where this machine did
    """

    model: str
    artifact: str
    newest: bool
    features: int
    targets: tuple[str, ...]
    eras: int
    trained_at: str
    folder: Path
    machines: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalArtifacts(Published):
    """Every artifact of one tournament, each model's newest first."""

    tournament: str
    artifacts: tuple[LocalArtifact, ...]


def account_models(context: Context) -> AccountModels:
    """The account's models. Raises KeysMissing and what the client raises."""
    context.require_keys()
    found = context.client.models()
    return AccountModels(
        tuple(AccountModel(one.id, one.name, one.tournament, one.hosted) for one in found)
    )


def local_artifacts(context: Context) -> LocalArtifacts:
    """What was trained here for this tournament; what is damaged is told. Raises DiskError."""
    folder = context.home.models(context.tournament)
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    rows = []
    for name in names:
        sound = artifacts(
            folder / name,
            tournament=context.tournament,
            passed_over=lambda error: context.listener.say(f"{error.message}: {error.hint}"),
        )
        for place, artifact in enumerate(sound):
            contract = artifact.contract
            rows.append(
                LocalArtifact(
                    model=name,
                    artifact=contract.artifact_id,
                    newest=place == 0,
                    features=len(contract.features),
                    targets=contract.spec.targets,
                    eras=len(contract.eras),
                    trained_at=contract.trained_at,
                    folder=artifact.folder,
                    machines=contract.machines,
                )
            )
    return LocalArtifacts(context.tournament, tuple(rows))
