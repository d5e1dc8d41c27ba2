"""numeri retrain: train again what is due, judge it, take it over where it is not worse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.commands.artifacts import OpenModel, found_model
from numeri_cli.commands.blends import expanded, require_no_blend
from numeri_cli.commands.context import Context
from numeri_cli.commands.retrain.candidate import (
    finish_adoption,
    note,
    put_in_place,
    remove,
    trained_candidate,
)
from numeri_cli.commands.retrain.due import due_models
from numeri_cli.commands.retrain.judgement import Judgement, judge
from numeri_cli.commands.run.outcomes import Problem, Retraining
from numeri_cli.commands.words import chosen_models
from numeri_cli.errors import ExitCode, NumeriError, RetrainingOverdue, worst
from numeri_cli.learning.artifact import Artifact
from numeri_cli.locks import held_lock
from numeri_cli.published import Published

_BESIDE_SECONDS = 3600.0  # for what is no model's own: whether it is due, the next one's keys


@dataclass(frozen=True)
class Retrainings(Published):
    """What was decided about every model that was due."""

    models: tuple[Retraining, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Done where all were decided about; 1 where one is kept aside for its owner to decide."""
        codes = [ExitCode(one.exit_code) for one in self.problems]
        aside = [ExitCode.refused for one in self.models if one.state == "kept aside"]
        return worst([*codes, *aside])


def retrain(context: Context, models: Sequence[str] = ()) -> Retrainings:
    """Train again, beside the old ones, under a lock of its own; a run is never in the way.

    models: those that are due where none is named
    Raises ProfileMissing, ProfileInvalid, ModelUnknown, KeysMissing, LockHeld.
    """
    overdue = RetrainingOverdue(
        "whether a model is due could not be told for an hour",
        hint="`numeri log` tells how far it came; run the same command again",
    )
    context.deadline.set(_BESIDE_SECONDS, overdue)
    context.require_profile()
    require_no_blend(context, models, verb="retrain")
    names = expanded(context, chosen_models(context, models))
    with held_lock(context.home.lock(context.tournament, "retrain"), what="a retraining"):
        for name in names:
            finish_adoption(context, name)
        wanted = names if models else due_models(context)
        rows, problems = [], []
        for name in wanted:
            row, problem = _one(context, name)
            rows.append(row)
            problems += [problem] if problem else []
    return Retrainings(tuple(rows), tuple(problems))


def _one(context: Context, name: str) -> tuple[Retraining, Problem | None]:
    """What became of one model; what goes wrong does not stop the others."""
    try:
        hours = context.profile.model(name).retrain_hours
        overdue = RetrainingOverdue(
            f"the retraining took longer than {hours:g} hours",
            hint="raise retrain_hours in the profile, or train less; the next one goes on",
        )
        with context.deadline.within(hours * 3600, overdue):
            note(context, name, "begun", "")
            old = found_model(context, name)
            artifact = trained_candidate(context, name)
            judgement = judge(old, OpenModel(context, artifact, trained_here=True))
            context.listener.step("candidate_judged")
        return _decided(context, artifact, judgement), None
    except NumeriError as error:
        note(context, name, "failed", error.message)
        row = Retraining(name, "failed", None, math.nan, error.message)
        return row, Problem.of(error)


def _decided(context: Context, artifact: Artifact, judgement: Judgement) -> Retraining:
    """The ledger first: what is adopted there is given its place, even by the next process."""
    name, words = artifact.contract.model, judgement.words
    if judgement.is_worse:
        note(context, name, "kept the old", words, artifact=artifact)
        context.listener.step("candidate_refused")
        remove(artifact)
        return Retraining(name, "kept the old", None, judgement.new_mean, words)
    if not judgement.judged and context.profile.guard.unjudged == "refuse":
        note(context, name, "kept aside", words, artifact=artifact)
        return Retraining(
            name, "kept aside", artifact.contract.artifact_id, judgement.new_mean, words
        )
    if not judgement.judged:
        words = f"taken over unjudged: {words}"
    note(context, name, "adopted", words, artifact=artifact)
    context.listener.step("candidate_adopted")
    put_in_place(context, artifact)
    return Retraining(name, "adopted", artifact.contract.artifact_id, judgement.new_mean, words)
