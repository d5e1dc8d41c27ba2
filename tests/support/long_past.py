"""A practice tournament of 114 rounds with two staked models of one's own: 102 are resolved.

The first twenty pay on 20-day scores, clipped at 5 %, as rounds before 1343 do; the others on
60-day scores. Rounds are late, predictions are tied, both models submit the same: see `play`.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.rounds.terms import RoundTerms, keep_terms
from tests.support.scored_rounds import STAKES
from tests.support.shelf import shelved
from tests.support.tournaments import MADE_OF, fresh_tournament, let_the_window_pass
from tests.support.wire import Wire

SETTINGS = WorldSettings(seed=3, stocks=100, eras=40, features=12, rivals=2)
ROUNDS, RESOLVED = 114, 102
FIRST = SETTINGS.eras + 1
EARLIER_ROUNDS = 20
_SCORES = "query($m: ID!) { submissionScores(modelId: $m) { value } }"
EARLIER = RoundTerms(
    multipliers={"v2_corr20": Decimal("0.75"), "mmc": Decimal("2.25")},
    clip_threshold=Decimal("0.05"),
    payout_factor=Decimal("0.35"),
    stake_threshold_nmr=Decimal(72_000),
)


def predictions(wire: Wire, at: int) -> pd.DataFrame:
    """Of a round; in every fourth half of all ids share ten values."""
    table = wire.predictions(seed=at)
    if at % 4 == 3:
        values = table["prediction"].to_numpy().copy()
        values[::2] = np.clip(values[::2].round(1), 0.1, 0.9)
        table["prediction"] = values
    return table


def play(root: Path) -> None:
    """Beacon is in every round; lighthouse is late in every tenth, and the same in every fifth."""
    tournament = fresh_tournament(root, settings=SETTINGS)
    with tournament.store.writing() as connection:
        connection.execute("DELETE FROM terms")
        for number in range(FIRST, FIRST + EARLIER_ROUNDS):
            keep_terms(connection, number, terms=EARLIER)
    for name, nmr in STAKES.items():
        tournament.set_stake(name, nmr)
    for at in range(ROUNDS):
        with Wire.inside(tournament) as wire:
            wire.submit(predictions(wire, at), model=wire.model("beacon"))
            if at % 10 == 7:
                let_the_window_pass(tournament)
            same = at % 5 == 2
            own = predictions(wire, at if same else at + 1000)
            wire.submit(own, model=wire.model("lighthouse"))
        tournament.advance()
    with Wire.inside(tournament) as wire:  # what takes seconds to work out lies on the shelf, too
        for name in STAKES:
            wire.data(_SCORES, m=wire.model(name))
    tournament.close()


def long_past_root() -> Path:
    """The folder of the tournament, which nobody may change."""
    return shelved(f"long past {SETTINGS} {ROUNDS} scored", play, rooms=MADE_OF)
