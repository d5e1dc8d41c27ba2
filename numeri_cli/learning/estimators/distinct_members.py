"""Members of several seeds, told apart by what they predict, and told again by what made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from numeri_cli.errors import EstimatorInvalid
from numeri_cli.learning.estimators.base import Fitted, FloatArray, MemberTask, TrainingSettings
from numeri_cli.learning.matrix import FloatMatrix


@dataclass
class DistinctMembers:
    """What the members of a training predict for a few of its rows.

    name: of the estimator, for what is said; probe: (n, features) rows that nobody changes
    """

    name: str
    probe: FloatMatrix
    seen: dict[str, dict[int, FloatArray]] = field(default_factory=dict)

    def require_another(self, task: MemberTask, fitted: Fitted, seeds: Sequence[int]) -> None:
        """Raise EstimatorInvalid where another seed has given the same predictions already.

        A class may take a seed and never use it: an ensemble of copies is one model.
        """
        if len(seeds) < 2:
            return
        predicted = fitted.predict(self.probe)
        before = self.seen.setdefault(task.target, {})
        for seed, earlier in before.items():
            if np.array_equal(earlier, predicted):
                raise EstimatorInvalid(
                    f"{self.name} predicts the same for the seeds {seed} and {task.seed}",
                    hint="name one seed, or let its params make it random",
                )
        before[task.seed] = predicted


def member_digest(settings: TrainingSettings, task: MemberTask, *parts: Any) -> str:
    """The digest of everything that a member depends on.

    parts: what is the estimator's own: its name, parameters, code or version
    """
    held_out = settings.held_out
    content = [
        *parts,
        settings.features,
        task.rows.rows.digest(),
        task.target,
        task.seed,
        hashlib.sha256(task.rows.labels.tobytes()).hexdigest(),
        "" if task.weights is None else hashlib.sha256(task.weights.tobytes()).hexdigest(),
        held_out.rows.digest() if held_out else "",
        settings.spec.missing_twos,
    ]
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
