"""Blends: models of the profile whose members are other models of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.dataset.eras import sort_eras
from numeri_cli.dataset.features import features_digest
from numeri_cli.errors import UsageProblem
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.contract import Contract
from numeri_cli.model_spec import ModelSpec, Neutralization, parts_of
from numeri_cli.version import __version__


def shares_of(context: Context, name: str) -> Mapping[str, float]:
    """The parts of a blend and how much each counts; empty for any other model."""
    return parts_of(context.profile.models, name)


def expanded(context: Context, names: Sequence[str]) -> list[str]:
    """The models with the parts in place of each blend, each once."""
    found: dict[str, None] = {}
    for name in names:
        found |= dict.fromkeys(shares_of(context, name) or (name,))
    return list(found)


def parts_first(context: Context, names: Sequence[str]) -> list[str]:
    """The models in their order with blends behind all others, so that parts are predicted once."""
    return sorted(names, key=lambda name: bool(shares_of(context, name)))


def require_no_blend(context: Context, names: Sequence[str], *, verb: str) -> None:
    """Raise UsageProblem where one of these models is a blend, which has nothing to train."""
    for name in names:
        parts = shares_of(context, name)
        if parts:
            raise UsageProblem(
                f"{name} is a blend: nothing of it is trained",
                hint=f"its parts are: numeri {verb} {' '.join(parts)}",
            )


def blend_artifact(
    context: Context, name: str, parts: Sequence[Artifact], *, marks: Sequence[str]
) -> Artifact:
    """What is known of a blend by its parts, as it is known of a trained model.

    It stands on no disk.
    marks: what else its predictions depend on
    """
    named = [dict(shares_of(context, name)), [part.digest for part in parts], *marks]
    digest = hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
    contract = blended_contract(
        name,
        [part.contract for part in parts],
        artifact_id=f"blend-{digest[:12]}",
        neutralization=context.profile.model(name).neutralization,
    )
    return Artifact(Path(), contract, digest)


def blended_contract(
    name: str,
    parts: Sequence[Contract],
    *,
    artifact_id: str,
    neutralization: Neutralization | None = None,
) -> Contract:
    """The contract of a blend by those of its parts, of which there is one at least.

    What is older counts: the data version and the training that the guard looks at are those of the
    oldest part.
    """
    targets = tuple(dict.fromkeys(target for one in parts for target in one.spec.targets))
    features = tuple(dict.fromkeys(feature for one in parts for feature in one.features))
    oldest = min(parts, key=lambda one: one.trained_at or "9999")
    return Contract(
        artifact_id=artifact_id,
        model=name,
        tournament=oldest.tournament,
        data_version=min((one.data_version for one in parts), key=_version),
        spec=ModelSpec(targets=targets, neutralize=neutralization),
        params={},
        features=features,
        features_digest=features_digest(features),
        eras=sort_eras(era for one in parts for era in one.eras),
        purge_eras=max(one.purge_eras for one in parts),
        neutralize_features=(),
        members=(),
        sources={},
        versions={"numeri": __version__},
        trained_at=oldest.trained_at,
        training_seconds=0.0,
        profile_git="",
        held_out_eras=sort_eras(era for one in parts for era in one.held_out_eras),
    )


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.removeprefix("v").split(".") if part.isdecimal())


def words_of(shares: Mapping[str, float]) -> str:
    """Such as "0.6 lighthouse + 0.4 beacon", as shares of one."""
    total = sum(shares.values())
    return " + ".join(f"{share / total:.4g} {name}" for name, share in shares.items())
