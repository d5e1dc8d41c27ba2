"""A tiny tournament from its making to its first payouts, and all there is of it then."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
from threadpoolctl import threadpool_info

from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.tournament import Tournament
from tests.support.dying import files
from tests.support.wire import Wire

TINY = WorldSettings(seed=9, stocks=100, eras=40, features=12, rivals=3)
UNTIL_PAID = 13  # weeks until the first round's 60-day scores


def begun(root: Path, settings: WorldSettings, *, field: bool) -> Tournament:
    """A new tournament with a staked submission in its first round."""
    made = Tournament.create(root, settings, field=field)
    made.set_stake("lighthouse", Decimal(13))
    with Wire.inside(made) as wire:
        wire.submit(wire.predictions(seed=1))
    return made


def by_name(tournament: Tournament) -> dict[str, list[list[Any]]]:
    """What the store holds, by names of models, since ids and keys are drawn by lot."""
    questions = {
        "scores": "SELECT round, models.name, scores.name, value, percentile FROM scores",
        "entries": "SELECT round, models.name, at_risk_nmr FROM entries",
        "moves": """SELECT stake_moves.sequence, round, models.name, kind, amount_nmr,
            stake_moves.stake_nmr, moved_at FROM stake_moves""",
    }
    with tournament.store.reading() as connection:
        found = {
            name: [
                list(row)
                for row in connection.execute(
                    f"{question} JOIN models ON models.id = model_id ORDER BY 1, 2, 3"
                )
            ]
            for name, question in questions.items()
        }
        models = connection.execute("SELECT name, stake_nmr, wanted_nmr FROM models")
        return {**found, "models": [list(row) for row in models]}


def played_through(root: Path, *, in_steps: bool) -> dict[str, Any]:
    """All there is of a tournament made here and now, after its first payouts."""
    made = begun(root, TINY, field=in_steps)
    for rounds in [1] * UNTIL_PAID if in_steps else [UNTIL_PAID]:
        made.advance(rounds)
    with Wire.inside(made) as wire:
        number = TINY.eras + 2
        daily = f"""{{ roundDetails(roundNumber: {number}, tournament: 8) {{ models {{
            modelName corr60 mmc60 mmc v2Corr20 corrWMetaModel payoutPending }} }}
            v2Leaderboard {{ username rank nmrStaked }} }}"""
        world = {name: value for name, value in files(root).items() if name.startswith("world")}
        return {"files": world, **by_name(made), "wire": wire.data(daily)}


def threads() -> dict[str, int]:
    """How many threads this process gives to sums, to trees and to files."""
    import lightgbm  # noqa: F401 - brings its pool with it

    pools = {pool["user_api"]: pool["num_threads"] for pool in threadpool_info()}
    return {"blas": pools["blas"], "openmp": pools["openmp"], "arrow": pyarrow.cpu_count()}
