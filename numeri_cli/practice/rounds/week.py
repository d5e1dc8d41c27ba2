"""A week passes: the round closes, the market moves, what is known is settled, the next one opens.

Each step is whole or not done, and done again it changes nothing; so whoever was killed between
two of them is followed by somebody who goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from numeri_cli.practice.calendar import SHOWN_AFTER_OPENING
from numeri_cli.practice.database.database import Store
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.participants import submissions
from numeri_cli.practice.participants.accounts import all_models
from numeri_cli.practice.rivals.meta_model import meta_model
from numeri_cli.practice.rivals.rivals import Attendance
from numeri_cli.practice.rounds import settlement, staking
from numeri_cli.practice.rounds.daily_scores import reference_finals
from numeri_cli.practice.rounds.late_submissions import queued_entry
from numeri_cli.practice.rounds.references import ScoreReferences
from numeri_cli.practice.rounds.settlement import FloatArray, predictions_of
from numeri_cli.practice.rounds.state import State, mark_published, open_round, read_state
from numeri_cli.practice.world.world import World
from numeri_cli.progress import Listener
from numeri_cli.threads import one_blas_thread


@dataclass(frozen=True, kw_only=True)
class Week:
    """What the passage of a week works on; the world is nobody else's while it does."""

    store: Store
    folders: Folders
    world: World
    listener: Listener

    def state(self) -> State:
        """Where the tournament stands."""
        with self.store.reading() as connection:
            return read_state(connection)

    def pass_by(self, *, running: datetime | None = None) -> None:
        """Go from the live round to the next one, or finish going there.

        running: the time of a clock that runs by itself; else the clock is set by hand to five
        minutes after the opening
        """
        number = self.state().live_round
        self.world.train_field(listener=self.listener)
        if self.world.live_era == number:
            self._close(number)
            self.listener.step("round_closed")
            self.world.advance(listener=self.listener)
            self.listener.step("market_moved")
        for horizon in settlement.HORIZONS:
            self._settle(horizon)
        self.listener.step("scores_settled")
        state = self.state()
        times = state.calendar.round(number + 1)
        shown = times.opens_at + SHOWN_AFTER_OPENING if running is None else running
        clock = max(shown, times.opens_at, state.clock)  # time never goes back
        clock = state.calendar.held(clock, number=number + 1)  # nor past a round not yet made
        with self.store.reading() as connection:
            waiting = submissions.queued_for(connection, number + 1)
        queued = [queued_entry(self.world, self.folders, queued=one) for one in waiting]
        with self.store.writing() as connection:
            for one in queued:
                one.record(connection, times)
            open_round(connection, number + 1, clock=clock, by_hand=running is None)
        self.listener.step("round_opened")

    def publish(self) -> None:
        """Write the files of the live round and open it to submissions."""
        number = self.state().live_round
        self.world.publish(listener=self.listener)
        self.listener.step("files_published")
        with self.store.writing() as connection:
            # where its close was killed it goes on, and what comes now counts
            settlement.forget_entries(connection, number)
            mark_published(connection, number)

    def _close(self, number: int) -> None:
        rivals = self.world.attendance(number)
        with self.store.writing() as connection:
            settlement.forget_entries(connection, number)  # whoever wrote some was killed
            counted = {one.model_id: one for one in submissions.selected_in(connection, number)}
            for model in all_models(connection):
                own = counted.get(model.id)
                attended = rivals.get(model.name, Attendance.missing)
                if own is None and attended is Attendance.missing:
                    continue
                in_time = own.on_time if own else attended is Attendance.on_time
                stake = staking.risked(connection, model, number=number)
                settlement.enter(
                    connection,
                    number,
                    model_id=model.id,
                    submission_id=own.id if own else None,
                    at_risk_nmr=stake if in_time else Decimal(0),
                )
            entries = settlement.entries_of(connection, number)
            mark_published(connection, number - 1)  # what came now would be in no round
        self._keep_meta_model(number, entries)

    def _keep_meta_model(self, number: int, entries: Sequence[settlement.ModelInRound]) -> None:
        """Keep what the crowd said in a round, weighted as in its scores, for the files to tell."""
        if entries:
            predictions = predictions_of(self.world, self.folders, number=number, entries=entries)
            weights = settlement.weights([entry.at_risk_nmr for entry in entries])
            self.world.keep_meta_model(meta_model(predictions.T, weights))

    def _settle(self, horizon_days: int) -> None:
        with self.store.reading() as connection:
            waiting = settlement.unsettled(connection, horizon_days)
        for number in waiting:
            target = settlement.resolved_target(self.world, number, horizon_days=horizon_days)
            if target is None:
                return
            with self.store.reading() as connection:
                entries = settlement.entries_of(connection, number)
                state = read_state(connection)
            predictions = predictions_of(self.world, self.folders, number=number, entries=entries)
            stakes = [entry.at_risk_nmr for entry in entries]
            scores = final_scores(predictions, stakes, target=target, horizon_days=horizon_days)
            scores |= reference_finals(
                predictions,
                ScoreReferences.of(self.world, number),
                target=target,
                horizon_days=horizon_days,
            )
            with self.store.writing() as connection:
                settlement.record_scores(
                    connection,
                    number,
                    horizon_days=horizon_days,
                    entries=entries,
                    scores=scores,
                    moment=state.calendar.opening(self.world.live_era),
                )
                staking.release(connection, moment=state.calendar.opening(self.world.live_era))


def final_scores(
    predictions: FloatArray, stakes: Sequence[Decimal], *, target: FloatArray, horizon_days: int
) -> dict[str, FloatArray]:
    """Scores by name, (n_models,) each, the same to the last bit with any number of threads.

    predictions: (n_ids, n_models); stakes: (n_models,) NMR at risk; target: (n_ids,)
    """
    with one_blas_thread():  # it splits sums of more than 10,000
        meta = settlement.meta_model(predictions, stakes)
        return settlement.scores_of(predictions, meta, target=target, horizon_days=horizon_days)
