"""What a model was made under: the facts in an artifact's model.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from numeri_cli.dataset.features import features_digest
from numeri_cli.errors import ArtifactDamaged

FORMAT = 1


@dataclass(frozen=True)
class BoosterRecord:
    """One member of the ensemble.

    file: its name in the artifact's folder; digest: SHA-256 of its bytes, in hex
    dropped_rows: rows of the chosen eras whose target was not resolved
    trees: 0 for other estimators
    """

    file: str
    digest: str
    target: str
    seed: int
    rows: int
    dropped_rows: int
    trees: int


@dataclass(frozen=True)
class Contract:
    """The terms of a model.

    features: in the order of the boosters' columns
    eras: those it was trained on; a score of an era within `purge_eras` of them is no test
    params: as given to the estimator, our defaults included, without the seed
    neutralize_features, neutralize_proportion: as the profile had them then
    equal_eras, half_life_eras: how much each era counted, see `EraWeights`
    sources: file name → SHA-256; versions: library → version
    trained_at: ISO 8601, UTC; profile_git: commit, "-dirty" where changed; "" outside git
    """

    artifact_id: str
    model: str
    tournament: str
    data_version: str
    estimator: str
    params: dict[str, Any]
    features: tuple[str, ...]
    features_digest: str
    targets: tuple[str, ...]
    seeds: tuple[int, ...]
    eras: tuple[str, ...]
    purge_eras: int
    missing_twos: str
    neutralize_features: tuple[str, ...]
    neutralize_proportion: float
    leg_trees: int
    boosters: tuple[BoosterRecord, ...]
    sources: dict[str, str]
    versions: dict[str, str]
    trained_at: str
    training_seconds: float
    profile_git: str
    equal_eras: bool = False
    half_life_eras: float | None = None
    format: int = FORMAT

    def to_json(self) -> str:
        """As it stands in model.json."""
        return json.dumps(asdict(self), indent=1, default=str) + "\n"

    @classmethod
    def parse(cls, text: str, *, source: Path) -> Contract:
        """Read model.json. Raises ArtifactDamaged where anything is missing or altered."""
        try:
            content = json.loads(text)
            known = {field.name for field in fields(cls)}
            content = {name: value for name, value in content.items() if name in known}
            content["boosters"] = tuple(BoosterRecord(**entry) for entry in content["boosters"])
            for name in ("features", "targets", "seeds", "eras", "neutralize_features"):
                content[name] = tuple(content[name])
            contract = cls(**content)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged(source, "is no contract of a model") from error
        if contract.format != FORMAT:
            raise _damaged(source, f"has the format {contract.format}, not {FORMAT}")
        if features_digest(contract.features) != contract.features_digest:
            raise _damaged(source, "has other features than it was written with")
        return contract


def _damaged(source: Path, reason: str) -> ArtifactDamaged:
    return ArtifactDamaged(f"{source} {reason}", hint="`numeri train` makes the model again")
