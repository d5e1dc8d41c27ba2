"""Trained models on this machine: the ledger told of them, opened, put to work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from numeri_cli.commands.blends import blend_artifact, shares_of
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring, bring_benchmarks, missing
from numeri_cli.commands.models.trust import is_trusted
from numeri_cli.commands.profile_differences import differing_keys
from numeri_cli.commands.ready import (
    benchmarks_beside,
    is_ready,
    ready_artifact,
    ready_function,
)
from numeri_cli.commands.words import SCORED
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.errors import ApiError, GuardRefused, ModelError, UsageProblem
from numeri_cli.learning.artifact import Artifact, find_artifact, has_artifact
from numeri_cli.learning.blend import BlendModel
from numeri_cli.learning.estimators.function import PredictFunction
from numeri_cli.learning.neutralizing import files_of, resolved
from numeri_cli.learning.prediction import EraModel, FittedModel, PredictedFile, predict_file
from numeri_cli.learning.ready_model import ReadyModel
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.model_spec import Neutralization
from numeri_cli.notify.message import GuardFinding


@dataclass(frozen=True)
class OpenModel:
    """An artifact, opened once for all that a command does with it.

    trained_here: by this very process, so that the ledger need not vouch for it
    function: what predicts where the model exists and none is trained
    parts: the members of a blend
    """

    context: Context
    artifact: Artifact
    trained_here: bool = False
    function: PredictFunction | None = None
    parts: tuple[OpenModel, ...] = ()

    @property
    def name(self) -> str:
        """As the profile has it."""
        return self.artifact.contract.model

    @cached_property
    def fitted(self) -> FittedModel:
        """Ready to predict. Raises ArtifactDamaged, EstimatorInvalid."""
        return self.artifact.fitted(
            digests=self._known_digests(),
            module_folder=self.context.workspace.module_folder,
        )

    def _known_digests(self) -> Mapping[str, str]:
        """Digests of the artifact's files, where the ledger vouches for its contract.

        Opening a file may run code, so only what this machine trained is opened then, or what its
        owner has trusted.
        """
        contract = self.artifact.contract
        if not self.trained_here:
            kept = self.context.ledger.models(self.context.tournament, model=self.name)
            vouched = {row.artifact: row.digest for row in kept}
            if vouched.get(contract.artifact_id) != self.artifact.digest:
                home = self.context.home
                trusted = [one for one in contract.members if is_trusted(home, one.digest)]
                return {record.file: record.digest for record in trusted}
        return {record.file: record.digest for record in contract.members}

    @cached_property
    def profile_differences(self) -> tuple[str, ...]:
        """The keys in which the profile says otherwise than this model was trained."""
        if self.parts:
            return ()

        def names_of_set(wanted: str | Sequence[str]) -> tuple[str, ...]:
            return self.context.workspace.feature_file.features(wanted)

        return differing_keys(
            self.context.profile.models[self.name],
            self.artifact.contract,
            data_version=self.context.data_version,
            names_of_set=names_of_set,
        )

    def profile_finding(self) -> GuardFinding | None:
        """The guard's word on a profile that says otherwise than this model was trained."""
        level = self.context.profile.guard.profile
        found = [one for part in self.parts if (one := part.profile_finding()) is not None]
        if found:
            told = "; ".join(one.message for one in found)
            return replace(found[0], model=self.name, message=told)
        if level == "off" or not self.profile_differences:
            return None
        pinned = self.context.profile.models[self.name].artifact is not None
        cure = "drop `artifact` from the profile" if pinned else f"`numeri train {self.name}`"
        return GuardFinding(
            model=self.name,
            code="guard_profile",
            message=f"the profile differs from the trained {self.name} in"
            f" {', '.join(self.profile_differences)}",
            hint=f"{cure} for what the profile says, or put the profile back",
            check="profile",
            level=level,
        )

    @property
    def asked_neutralization(self) -> Neutralization | None:
        """What the profile now has done to this model's predictions; None for nothing.

        A model that exists is left as it is, unless the profile itself says otherwise.
        """
        spec = self.context.profile.model(self.name)
        if self.function is not None and "neutralize" not in spec.model_fields_set:
            return None
        return spec.neutralization

    @cached_property
    def neutralization(self) -> Neutralization | None:
        """What the profile now neutralizes this model against, as names of features."""
        wanted = self.asked_neutralization
        if wanted is None:
            return None
        if missing(self.context, (self.context.files.features,)):
            bring(self.context, (self.context.files.features,))
        return resolved(wanted, self.context.workspace.feature_file)

    def _predicting(self, data: Path) -> EraModel:
        """What predicts a data file; a function gets the benchmark models' file with it."""
        if self.parts:
            columns = [read_predictions(one.predicted(data), name=one.name) for one in self.parts]
            return BlendModel(self.name, tuple(columns), shares_of(self.context, self.name))
        if self.function is None:
            return self._far(data) or self.fitted
        wanted = self.function.wants_benchmarks
        benchmarks = benchmarks_beside(self.context, data) if wanted else None
        return ReadyModel(self.name, self.function, benchmarks)

    def _far(self, data: Path) -> EraModel | None:
        """The model on other machines, for files that these have, too; None where it is here."""
        context = self.context
        others = context.predictors
        shared = [context.file(name) for name in (context.files.validation, context.files.train)]
        if others is None or data not in shared:
            return None
        parcel = self.artifact.parcel(
            digests=self._known_digests(), module_folder=context.workspace.module_folder
        )
        return others.model(parcel, DataFile.open(data), digest=context.workspace.digest_of(data))

    def predict(
        self,
        data: Path,
        output: Path,
        *,
        with_era: bool = False,
        neutral: bool = True,
        raw: Path | None = None,
    ) -> PredictedFile:
        """Write the model's predictions for a data file.

        neutral: False leaves the neutralization out; benchmarks that it needs are brought
        raw: a second file, for those without the neutralization
        Raises ArtifactDamaged, ArtifactForeign, FeatureUnknown and what reading the data raises.
        """
        neutralization = self.neutralization if neutral else None
        if neutralization is not None and data.parent == self.context.dataset:
            bring_benchmarks(self.context, neutralization, data)
        done = predict_file(
            self._predicting(data),
            DataFile.open(data),
            output,
            neutralization=neutralization,
            with_era=with_era,
            raw=raw,
            listener=self.context.listener,
        )
        if neutral and output.suffix == ".parquet":
            self.context.predicted[self.place(data)] = output
        return done

    def place(self, data: Path, *, neutral: bool = True) -> Path:
        """Where the predictions of this artifact for these bytes are kept."""
        context = self.context
        wanted = self.neutralization if neutral else None
        digest = context.workspace.digest_of(data)
        beside = [path for path in files_of(wanted, data) if path.is_file()]
        marks = [self.artifact.contract.artifact_id, digest, repr(wanted)]
        marks += [context.workspace.digest_of(path) for path in beside]
        key = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:24]
        return context.home.predictions(context.tournament) / SCORED / f"{self.name}-{key}.parquet"

    def predicted(self, data: Path) -> Path:
        """A file of its predictions for a data file, made where this command has none yet."""
        place = self.place(data)
        made = self.context.predicted.get(place, place)
        if made.is_file():
            return made
        self.predict(data, place, with_era=True)
        return place


def found_model(context: Context, name: str, *, artifact_id: str | None = None) -> OpenModel:
    """The artifact that is named, else the one that the profile pins, else the newest.

    Where the profile names a function or pickle that exists, it is that; a blend is its parts.
    The profile's differences from it are not told: the guard does so before a submission.
    Raises ModelUnknown, ModelUntrained, ArtifactDamaged; PickleUntrusted, EstimatorInvalid.
    """
    spec = context.profile.model(name)
    if spec.blend is not None:
        return _blended(context, name, artifact_id=artifact_id)
    function = None if artifact_id or spec.artifact else ready_function(context, name)
    if function is not None:
        return OpenModel(context, ready_artifact(context, name, function), function=function)
    return OpenModel(
        context,
        find_artifact(
            context.workspace.artifacts(name),
            tournament=context.tournament,
            artifact_id=artifact_id or spec.artifact,
        ),
    )


def _blended(context: Context, name: str, *, artifact_id: str | None) -> OpenModel:
    """A blend with its parts as they are now. Raises UsageProblem where an artifact is named."""
    if artifact_id is not None:
        raise UsageProblem(
            f"--artifact names a trained model, and {name} is a blend of others",
            hint="pin the artifacts of its parts in the profile: artifact = …",
        )
    parts = tuple(found_model(context, part) for part in shares_of(context, name))
    marks = [repr(part.neutralization) for part in parts]
    artifact = blend_artifact(context, name, [part.artifact for part in parts], marks=marks)
    return OpenModel(context, artifact, parts=parts)


def held_against_profile(model: OpenModel) -> GuardFinding | None:
    """What the guard says of the profile. Raises GuardRefused where it is told to refuse."""
    finding = model.profile_finding()
    if finding is not None and finding.level == "refuse":
        raise GuardRefused(finding.message, hint=finding.hint, findings=(finding,))
    return finding


def open_model(context: Context, name: str, *, artifact_id: str | None = None) -> OpenModel:
    """The artifact that is named, else the one that the profile pins, else the newest.

    Where the profile says otherwise than it was trained, that is said, or refused where the guard
    is told to. Raises ModelUnknown, ModelUntrained, ArtifactDamaged, GuardRefused.
    """
    model = found_model(context, name, artifact_id=artifact_id)
    finding = held_against_profile(model)
    if finding is not None:
        context.listener.say(f"{finding.message}: {finding.hint}")
    return model


def is_trained(context: Context, name: str) -> bool:
    """Whether there is an artifact of this model; a damaged one is told of where it is used.

    One that the profile pins is never made anew: what is missing of it is told where it is used.
    """
    parts = shares_of(context, name)
    if parts:
        return all(is_trained(context, part) for part in parts)
    if context.profile.models[name].artifact is not None:
        return True
    if has_artifact(context.workspace.artifacts(name)):
        return True
    try:
        return is_ready(context, name)
    except ModelError:  # told where it is used
        return True


def remember(context: Context, artifact: Artifact) -> None:
    """Tell the ledger of a new artifact, by the tournament's time where it can be had."""
    try:
        now = context.client.now()
    except ApiError:
        now = datetime.now(UTC)  # trained offline
    context.ledger.keep_model(
        TrainedModel(
            tournament=context.tournament,
            model=artifact.contract.model,
            artifact=artifact.contract.artifact_id,
            digest=artifact.digest,
            time=now,
        )
    )
    context.listener.step("artifact_vouched")
