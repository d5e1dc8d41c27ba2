"""What a round pays for its scores: terms of its own, fixed when it opens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from numeri_cli.practice.database.database import Connection

NMR_UNIT = Decimal("1e-18")


@dataclass(frozen=True, kw_only=True)
class RoundTerms:
    """How scores become NMR.

    multipliers: by score name; other scores are shown and not paid
    clip_threshold: the largest share of the stake that is paid or burned
    stake_threshold_nmr: shown to clients, as the real rounds do; the factor does not depend on it
    """

    multipliers: Mapping[str, Decimal]
    clip_threshold: Decimal
    payout_factor: Decimal
    stake_threshold_nmr: Decimal

    def multiplier(self, name: str) -> Decimal:
        """What a score is multiplied by in the payout; 0 where it is not paid."""
        return self.multipliers.get(name, Decimal(0))

    def payout(self, at_risk_nmr: Decimal, scores: Mapping[str, float]) -> Decimal:
        """NMR earned, negative where burned: at risk × clip(Σ multiplier × score × factor).

        source: the tournament's documentation of payouts, atomic staking
        """
        total = sum(
            (
                multiplier * Decimal(repr(scores[name]))
                for name, multiplier in self.multipliers.items()
                if name in scores
            ),
            start=Decimal(0),
        )
        share = total * self.payout_factor
        clipped = max(-self.clip_threshold, min(self.clip_threshold, share))
        return (at_risk_nmr * clipped).quantize(NMR_UNIT, rounding=ROUND_DOWN)

    def parts(self, whole: Decimal, scores: Mapping[str, float]) -> dict[str, Decimal]:
        """A payout in NMR by the paid score that it comes from; the parts add up to it."""
        shares = {
            name: multiplier * Decimal(repr(scores[name]))
            for name, multiplier in self.multipliers.items()
            if name in scores
        }
        total, left, parts = sum(shares.values(), start=Decimal(0)), whole, {}
        for place, (name, share) in enumerate(shares.items(), start=1):
            part = whole * share / total if total else Decimal(0)
            part = part.quantize(NMR_UNIT, rounding=ROUND_DOWN)
            parts[name] = left if place == len(shares) else part
            left -= part
        return parts


# of every round so far, and of the next ones: as the real ones have them from round 1343 on
ATOMIC = RoundTerms(
    multipliers={"corr60": Decimal(3), "mmc60": Decimal(15)},
    clip_threshold=Decimal(1),
    payout_factor=Decimal(1),
    stake_threshold_nmr=Decimal(100_000),
)


def keep_terms(connection: Connection, number: int, *, terms: RoundTerms = ATOMIC) -> None:
    """Fix the terms of a round that opens; a second time changes nothing."""
    multipliers = {name: str(value) for name, value in terms.multipliers.items()}
    connection.execute(
        "INSERT OR IGNORE INTO terms VALUES (?, ?, ?, ?, ?)",
        (
            number,
            json.dumps(multipliers),
            str(terms.clip_threshold),
            str(terms.payout_factor),
            str(terms.stake_threshold_nmr),
        ),
    )


def terms_of(connection: Connection, number: int) -> RoundTerms:
    """The terms of a round; those that opened before terms were kept had the atomic ones."""
    row = connection.execute("SELECT * FROM terms WHERE round = ?", (number,)).fetchone()
    if row is None:
        return ATOMIC
    return RoundTerms(
        multipliers={name: Decimal(text) for name, text in json.loads(row["multipliers"]).items()},
        clip_threshold=Decimal(row["clip_threshold"]),
        payout_factor=Decimal(row["payout_factor"]),
        stake_threshold_nmr=Decimal(row["stake_threshold_nmr"]),
    )
