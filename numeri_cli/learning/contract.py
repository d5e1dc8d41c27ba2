"""What a model was made under: the facts in an artifact's model.json."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from numeri_cli.dataset.features import features_digest
from numeri_cli.dataset.scale import FeatureScale
from numeri_cli.errors import ArtifactDamaged
from numeri_cli.model_spec import FROM_LIST, ModelSpec, Words

FORMAT = 3  # raised where a key changes its meaning, or one is added that changes predictions
_SECOND_FORMAT = 2  # without `scale`, and without later keys of `spec`
FIRST_FORMAT = 1  # without `spec`; what it said of the model stood in keys of its own


class MemberRecord(BaseModel):
    """One member of the ensemble.

    file: its name in the artifact's folder; digest: SHA-256 of its bytes, in hex
    dropped_rows: rows of the chosen eras whose target was not resolved
    trees: 0 where it has none that can be counted
    machine: the name of the worker that trained it; "" where this very machine did
    """

    model_config = ConfigDict(frozen=True, strict=True)

    file: str
    digest: str
    target: str
    seed: int
    rows: int
    dropped_rows: int
    trees: int
    machine: str = ""


class Contract(BaseModel):
    """The terms of a model.

    spec: the model as the profile had it then
    params: as given to the estimator, our defaults included, without the seed
    features: the names, in the order of the members' columns
    eras: those it was trained on; a score of an era within `purge_eras` of them is no test
    held_out_eras: those that ended the training early, which it has seen, too
    scale: of the features in the files it was trained on; None where that was not noted down
    neutralize_features: the names; empty where predictions are left as they are
    sources: file name → SHA-256; versions: library → version
    trained_at: ISO 8601, UTC; profile_git: commit, "-dirty" where changed; "" outside git
    of_first_format: written without `spec`, so that what the profile said is known in part only
    """

    model_config = ConfigDict(frozen=True, strict=True, ser_json_inf_nan="constants")

    artifact_id: str
    model: str
    tournament: str
    data_version: str
    spec: ModelSpec
    params: dict[str, Any]
    features: Words
    features_digest: str
    eras: Words
    purge_eras: int
    neutralize_features: Words
    members: Annotated[tuple[MemberRecord, ...], FROM_LIST]
    sources: dict[str, str]
    versions: dict[str, str]
    trained_at: str
    training_seconds: float
    profile_git: str
    held_out_eras: Words = ()
    scale: FeatureScale | None = None
    format: int = FORMAT
    of_first_format: bool = False

    @property
    def machines(self) -> tuple[str, ...]:
        """The workers that trained its members; empty where this very machine did."""
        return tuple(sorted({one.machine for one in self.members if one.machine}))

    def to_json(self) -> str:
        """As it stands in model.json."""
        unneeded = None if self.of_first_format else {"of_first_format"}
        return self.model_dump_json(indent=1, exclude=unneeded) + "\n"

    @classmethod
    def parse(cls, text: str, *, source: Path) -> Contract:
        """Read model.json. Raises ArtifactDamaged where anything is missing or altered."""
        try:
            content = json.loads(text)
            found = content["format"]
            if found == FIRST_FORMAT:
                members = content.pop("boosters")
                spec = _spec_of_first_format(content)
                content |= {"spec": spec, "members": members, "format": FORMAT}
                content["of_first_format"] = True
            known = content["format"] in (_SECOND_FORMAT, FORMAT)
            contract = cls.model_validate(content) if known else None
        except (ValidationError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise _damaged(source, "is no contract of a model") from error
        if contract is None:
            raise ArtifactDamaged(
                f"{source} has the format {found}, and this numeri reads up to {FORMAT}",
                hint="a newer numeri made it: use that, or `numeri train` makes the model again",
            )
        if features_digest(contract.features) != contract.features_digest:
            raise _damaged(source, "has other features than it was written with")
        asked = list(product(contract.spec.targets, contract.spec.seeds))
        if [(member.target, member.seed) for member in contract.members] != asked:
            raise _damaged(source, "has other members than its targets and seeds ask for")
        return contract


def _spec_of_first_format(content: dict[str, Any]) -> dict[str, Any]:
    proportion = content["neutralize_proportion"]
    neutralize = {"features": content["neutralize_features"], "proportion": proportion}
    return {
        "features": content["features"],
        "targets": content["targets"],
        "seeds": content["seeds"],
        "data": [Path(name).stem for name in content["sources"]],
        "missing_twos": content["missing_twos"],
        "estimator": {"name": content["estimator"], "params": content["params"]},
        "era_weights": {
            "equal": content.get("equal_eras", False),
            "half_life_eras": content.get("half_life_eras"),
        },
        "neutralize": neutralize if proportion else None,
    }


def _damaged(source: Path, reason: str) -> ArtifactDamaged:
    return ArtifactDamaged(f"{source} {reason}", hint="`numeri train` makes the model again")
