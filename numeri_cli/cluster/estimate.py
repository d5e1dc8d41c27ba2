"""What a member of a plan takes of a machine's memory, by the same figures as a local training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from numeri_cli.learning.estimators.base import footprint_of, holds_pickle
from numeri_cli.learning.memory import Footprint, TrainingShape
from numeri_cli.learning.plan import TrainingPlan
from numeri_cli.learning.rows import Rows, rows_of_eras
from numeri_cli.model_spec import ModelSpec

# Measured: what a worker holds beside a training, its libraries and those of plans before
WORKER_BYTES = 150_000_000
CLASS_BYTES = 400_000_000  # the process itself, which the estimate of a class leaves out


def member_footprint(
    spec: ModelSpec,
    features: tuple[str, ...],
    rows: Rows,
    *,
    whole: Rows | None,
    held_out_rows: int,
    module_folder: Path | None,
) -> Footprint:
    """What a training on these rows takes.

    whole: what they are cut from, where one cached file serves several windows
    Raises EstimatorInvalid where there is no such class.
    """
    stored = rows if whole is None else whole
    shape = TrainingShape(
        stored.count,
        len(features),
        stored.are_whole_numbers(features),
        held_out_rows=held_out_rows,
        copied_rows=0 if rows.count == stored.count else rows.count,
    )
    found = footprint_of(spec.estimator, shape, module_folder=module_folder)
    own = CLASS_BYTES if holds_pickle(spec.estimator) else WORKER_BYTES
    least = found.least_bytes + own if found.least_bytes else 0.0
    return replace(found, memory_bytes=found.memory_bytes + own, least_bytes=least)


def largest_member(plan: TrainingPlan) -> Footprint:
    """What the largest member of a plan takes. Raises EstimatorInvalid."""
    sources = plan.data.sources
    whole = rows_of_eras(sources, plan.whole_eras) if plan.whole_eras else None
    found = [
        member_footprint(
            plan.spec,
            plan.data.features,
            plan.rows(number),
            whole=whole,
            held_out_rows=rows_of_eras(sources, window.held_out_eras).count,
            module_folder=plan.workspace.module_folder,
        )
        for number, window in enumerate(plan.windows)
    ]
    return max(found, key=lambda one: one.memory_bytes)
