"""Which eras a search may see, in which windows it walks them, and which it never sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.dataset.eras import WINDOW_ERAS, Window, before_purge, purge_eras, walk_forward
from numeri_cli.errors import UsageProblem
from numeri_cli.learning.backtest import every, trainable
from numeri_cli.learning.rows import rows_of_eras, with_target
from numeri_cli.learning.training_data import TrainingData, within_window
from numeri_cli.model_spec import ModelSpec

HOLD_OUT_ERAS = 52
STRIDE = 4
_WINDOWS = 4  # that a history is cut into where no length is named


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """What every trial of a search is trained on and scored on.

    target: by which all are scored
    windows: of the search, in order of time
    final: trained on what the search may see, tested on what is held out
    purge: eras left out before each window and before what is held out
    seen: every era that a trial may be trained on, so that one cached file serves all
    """

    target: str
    windows: tuple[Window, ...]
    final: Window
    purge: int
    window: int
    stride: int
    seen: tuple[str, ...]

    @property
    def held_out(self) -> tuple[str, ...]:
        """The eras that no trial sees."""
        return self.final.test_eras

    @property
    def tested(self) -> tuple[str, ...]:
        """The eras that trials are scored on."""
        return tuple(era for step in self.windows for era in step.test_eras)


def search_plan(
    spec: ModelSpec,
    data: TrainingData,
    *,
    targets: Sequence[str],
    target: str,
    hold_out: int = HOLD_OUT_ERAS,
    window: int | None = None,
    purge: int | None = None,
    stride: int = STRIDE,
) -> SearchPlan:
    """Hold the last eras out, purge before them, walk what is left in windows.

    targets: all that any trial may learn; the one that looks ahead furthest governs the purge
    target: that trials are scored on; only eras where it is known count
    window: eras predicted by one training; a quarter of the history, at most 156, where None
    stride: every so many eras alone are trained on and predicted; of what is held out all are
    Raises UsageProblem where the history is too short, TargetMissing.
    """
    wanted = purge_eras((*targets, target)) if purge is None else purge
    known = with_target(rows_of_eras(data.sources, data.eras), target).rows.chosen_eras()
    held_out = known[-hold_out:]
    before = before_purge(known, first_test_era=held_out[0], purge=wanted)
    length = window or max(wanted + 1, min(WINDOW_ERAS, len(before) // _WINDOWS))
    if len(known) <= hold_out or len(before) <= length:
        raise UsageProblem(
            f"{len(known)} eras have a value of {target}: {len(held_out)} held out and {wanted}"
            f" purged leave {len(before)}, too few to walk in windows of {length}",
            hint="take data with a longer history, hold out fewer (--hold-out), or a shorter"
            " --window",
        )
    thin = before[::stride]
    walked = every(walk_forward(before, purge=wanted, window=length), thin)
    windows = trainable(walked, within_window(before, spec))
    [final] = trainable([Window(thin, held_out)], within_window(before, spec))
    return SearchPlan(
        target=target,
        windows=windows,
        final=final,
        purge=wanted,
        window=length,
        stride=stride,
        seen=final.train_eras,
    )
