"""From predictions to money: entries at the close of a round, scores, payouts and burns.

A model's stake is spread over the rounds that overlap; what a round risks is fixed when it
closes and comes back larger or smaller when its 60-day scores are known. NMR is Decimal with 18
places throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.calendar import LIFE_BUSINESS_DAYS
from numeri_cli.practice.database.database import Connection, Row, insert, nmr_text
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.participants.check import read_aligned
from numeri_cli.practice.rivals.meta_model import stake_weighted
from numeri_cli.practice.rounds.terms import NMR_UNIT, terms_of
from numeri_cli.practice.world.world import World
from numeri_cli.scoring.ranks import rank_average
from numeri_cli.scoring.scores import contribution, corr, correlation_with

FloatArray = npt.NDArray[np.float64]

OVERLAPPING_ROUNDS = -(-LIFE_BUSINESS_DAYS // 5)


@dataclass(frozen=True, kw_only=True)
class ScoreRule:
    """One score of a round.

    name: what people see, the API's displayName; measure, version: what the API tells it apart by
    """

    name: str
    kind: str
    horizon_days: int
    measure: str
    version: str


def _rule(name: str, kind: str, horizon_days: int, *, measure: str, version: str) -> ScoreRule:
    return ScoreRule(
        name=name, kind=kind, horizon_days=horizon_days, measure=measure, version=version
    )


CORRELATION, CONTRIBUTION = "correlation", "meta_model_contribution"
SCORE_RULES = (
    # as recorded of the real rounds 1335 and later
    _rule("v2_corr20", "corr", 20, measure=CORRELATION, version="6"),
    _rule("mmc", "mmc", 20, measure=CONTRIBUTION, version="5"),
    _rule("corr60", "corr", 60, measure=CORRELATION, version="3"),
    _rule("mmc60", "mmc", 60, measure=CONTRIBUTION, version="3"),
    # measures that nobody has recorded: only their display names are real
    _rule("corr_w_meta_model", "cwmm", 20, measure="correlation_with_meta_model", version="1"),
    _rule("bmc", "bmc", 20, measure="benchmark_model_contribution", version="1"),
    _rule("fnc_v3", "fnc", 20, measure="feature_neutral_correlation", version="3"),
    _rule("mcwnm", "mcwnm", 20, measure="max_correlation_with_numerai_models", version="1"),
    _rule("apcwnm", "apcwnm", 20, measure="average_correlation_with_numerai_models", version="1"),
)
HORIZONS = tuple(sorted({rule.horizon_days for rule in SCORE_RULES}))
PAYOUT_HORIZON_DAYS = max(HORIZONS)  # what is paid waits for them all


class TargetSource(Protocol):
    """The part of the world that scores need."""

    def target(self, era: int, name: str) -> npt.NDArray[np.float32]:
        """(n_ids,) values in [0, 1]; NaN where the horizon has not passed."""


@dataclass(frozen=True, kw_only=True)
class ModelInRound:
    """What one model has in one round; a rival's predictions come from the world by its name."""

    model_id: str
    model_name: str
    submission_id: str | None
    filename: str | None
    at_risk_nmr: Decimal


def round_stake(stake_nmr: Decimal, *, free_nmr: Decimal | None = None) -> Decimal:
    """What a model with this stake risks in one round, rounded down to 18 places.

    free_nmr: what no earlier round holds of it, all where None; nothing is risked twice
    """
    part = (stake_nmr / OVERLAPPING_ROUNDS).quantize(NMR_UNIT, rounding=ROUND_DOWN)
    return part if free_nmr is None else max(Decimal(0), min(part, free_nmr))


def forget_entries(connection: Connection, number: int) -> None:
    """Take a round back to before its close."""
    connection.execute("DELETE FROM entries WHERE round = ?", (number,))


def enter(
    connection: Connection,
    number: int,
    *,
    model_id: str,
    submission_id: str | None,
    at_risk_nmr: Decimal,
) -> None:
    """Fix at the close of a round what a model has in it; a second time changes nothing."""
    known = connection.execute(
        "SELECT 1 FROM entries WHERE round = ? AND model_id = ?", (number, model_id)
    ).fetchone()
    if known is None:
        insert(
            connection,
            "entries",
            round=number,
            model_id=model_id,
            submission_id=submission_id,
            at_risk_nmr=at_risk_nmr,
        )


def entries_of(connection: Connection, number: int) -> tuple[ModelInRound, ...]:
    """Everybody in a closed round, in the order the models were opened."""
    rows = connection.execute(
        """SELECT entries.*, models.name AS model_name, submissions.filename AS filename
           FROM entries JOIN models ON models.id = entries.model_id
           LEFT JOIN submissions ON submissions.id = entries.submission_id
           WHERE entries.round = ? ORDER BY models.sequence""",
        (number,),
    )
    return tuple(_round_entry(row) for row in rows)


def _round_entry(row: Row) -> ModelInRound:
    return ModelInRound(
        model_id=row["model_id"],
        model_name=row["model_name"],
        submission_id=row["submission_id"],
        filename=row["filename"],
        at_risk_nmr=Decimal(row["at_risk_nmr"]),
    )


def predictions_of(
    world: World, folders: Folders, *, number: int, entries: Sequence[ModelInRound]
) -> FloatArray:
    """What everybody had in a round: rivals' from the world, others' from their files.

    returns: (n_ids, n_entries) in the order of the round's ids
    """
    ids = world.live_ids(number)
    rivals = world.rival_predictions(number)
    columns = [
        rivals[entry.model_name]
        if entry.submission_id is None
        else read_aligned(folders.submission(entry.submission_id, entry.filename or ""), ids)
        for entry in entries
    ]
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


def unsettled(connection: Connection, horizon_days: int) -> tuple[int, ...]:
    """Closed rounds whose scores of this horizon are not known yet, oldest first."""
    rows = connection.execute(
        """SELECT DISTINCT round FROM entries WHERE round NOT IN
           (SELECT round FROM settlements WHERE horizon_days = ?) ORDER BY round""",
        (horizon_days,),
    )
    return tuple(row["round"] for row in rows)


def resolved_target(world: TargetSource, number: int, *, horizon_days: int) -> FloatArray | None:
    """The round's target of this horizon, (n_ids,); None while it is not known."""
    target = np.asarray(world.target(number, f"target_ender_{horizon_days}"), dtype=np.float64)
    return None if np.isnan(target).any() else target


def meta_model(predictions: FloatArray, stakes: Sequence[Decimal]) -> FloatArray:
    """What the fund would trade of these entries; equal weights where nobody staked.

    predictions: (n_ids, n_models); stakes: (n_models,)
    returns: (n_ids,), gaussian
    """
    return stake_weighted(predictions.T, weights(stakes))


def weights(stakes: Sequence[Decimal]) -> list[Decimal]:
    """What counts in a meta model: the stakes, or everybody alike where nobody staked."""
    return [stake if any(stakes) else Decimal(1) for stake in stakes]


def scores_of(
    predictions: FloatArray, meta: FloatArray, *, target: FloatArray, horizon_days: int
) -> dict[str, FloatArray]:
    """Scores by name, (n_models,) each, of one round and horizon, but those of references.

    predictions: (n_ids, n_models); meta, target: (n_ids,)
    """
    columns = range(predictions.shape[1])
    found: dict[str, FloatArray] = {}
    for rule in SCORE_RULES:
        if rule.horizon_days != horizon_days:
            continue
        if rule.kind == "mmc":
            found[rule.name] = contribution(predictions, meta, target=target)
        elif rule.kind == "corr":
            found[rule.name] = np.array([corr(predictions[:, at], target) for at in columns])
        elif rule.kind == "cwmm":
            found[rule.name] = np.array(
                [correlation_with(predictions[:, at], meta) for at in columns]
            )
    return found


def percentiles(values: FloatArray) -> FloatArray:
    """Where each stands among all, in [0, 1], (n,); 0.5 for one alone."""
    if len(values) < 2:
        return np.full(len(values), 0.5)
    return (rank_average(values) - 1) / (len(values) - 1)


def percentiles_of_one(values: FloatArray, place: int) -> FloatArray:
    """What `percentiles` says of one of them, without ranking the others.

    values: (…, n), each last axis by itself; returns: (…,)
    """
    own, count = values[..., place], values.shape[-1]
    if count < 2:
        return np.full(own.shape, 0.5)
    below = np.count_nonzero(values < own[..., None], axis=-1)
    alike = np.count_nonzero(values == own[..., None], axis=-1)
    found = np.asarray((below + (alike - 1) / 2) / (count - 1))
    for at in map(tuple, np.argwhere(np.isnan(own))):
        found[at] = percentiles(values[at])[place]
    return found


def record_scores(
    connection: Connection,
    number: int,
    *,
    horizon_days: int,
    entries: Sequence[ModelInRound],
    scores: dict[str, FloatArray],
    moment: datetime,
) -> None:
    """Write the scores of a round down, once, and pay where they are the paid ones."""
    done = connection.execute(
        "SELECT 1 FROM settlements WHERE round = ? AND horizon_days = ?", (number, horizon_days)
    ).fetchone()
    if done is not None:
        return
    insert(connection, "settlements", round=number, horizon_days=horizon_days, settled_at=moment)
    for name, values in scores.items():
        known = np.nan_to_num(values)
        for entry, value, percentile in zip(entries, known, percentiles(known), strict=True):
            insert(
                connection,
                "scores",
                round=number,
                model_id=entry.model_id,
                name=name,
                value=float(value),
                percentile=float(percentile),
            )
    if horizon_days == PAYOUT_HORIZON_DAYS:
        terms = terms_of(connection, number)
        final: dict[str, dict[str, float]] = {}
        for row in connection.execute("SELECT * FROM scores WHERE round = ?", (number,)):
            final.setdefault(row["model_id"], {})[row["name"]] = row["value"]
        for entry in entries:
            amount = terms.payout(entry.at_risk_nmr, final[entry.model_id])
            if amount:
                kind = "payout" if amount > 0 else "burn"
                move_stake(
                    connection,
                    entry.model_id,
                    amount_nmr=amount,
                    kind=kind,
                    number=number,
                    moment=moment,
                )


def move_stake(
    connection: Connection,
    model_id: str,
    *,
    amount_nmr: Decimal,
    kind: str,
    number: int | None,
    moment: datetime,
) -> Decimal:
    """Change a model's stake and write down why; returns the new stake.

    More than there is cannot be taken, however much a round has burned.
    """
    row: Any = connection.execute(
        "SELECT stake_nmr FROM models WHERE id = ?", (model_id,)
    ).fetchone()
    amount_nmr = max(amount_nmr, -Decimal(row["stake_nmr"]))
    stake = Decimal(row["stake_nmr"]) + amount_nmr
    connection.execute("UPDATE models SET stake_nmr = ? WHERE id = ?", (nmr_text(stake), model_id))
    insert(
        connection,
        "stake_moves",
        model_id=model_id,
        kind=kind,
        round=number,
        amount_nmr=amount_nmr,
        stake_nmr=stake,
        moved_at=moment,
    )
    return stake
