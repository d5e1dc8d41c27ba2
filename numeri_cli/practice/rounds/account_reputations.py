"""How accounts stand: what their models have, together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from numeri_cli.practice.rounds.reputations import (
    RANKED_BY,
    SCORE_NAMES,
    Earnings,
    RankedModel,
    Trailing,
)


@dataclass(frozen=True, kw_only=True)
class RankedAccount:
    """One account among all.

    reputations: of its models, weighted by their stakes; equally where it has none
    """

    id: str
    username: str
    rank: int
    models: tuple[RankedModel, ...]
    stake_nmr: Decimal
    reputations: Mapping[str, float]
    earnings: Mapping[Trailing, Earnings]


def ranked_accounts(everybody: Sequence[RankedModel]) -> tuple[RankedAccount, ...]:
    """Every account, the best first: by reputation in CORR60, then by stake, then by name."""
    owned: dict[str, list[RankedModel]] = {}
    for one in everybody:
        owned.setdefault(one.model.account_id, []).append(one)
    stakes = {account: _stake(models) for account, models in owned.items()}
    means = {account: _reputations(models) for account, models in owned.items()}
    ordered = sorted(
        owned,
        key=lambda account: (
            # one without a score comes after the worst, not among those whose score is 0
            -means[account].get(RANKED_BY, float("-inf")),
            -stakes[account],
            owned[account][0].model.account_name,
        ),
    )
    return tuple(
        RankedAccount(
            id=account,
            username=owned[account][0].model.account_name,
            rank=place,
            models=tuple(owned[account]),
            stake_nmr=stakes[account],
            reputations=means[account],
            earnings={
                period: sum((one.earnings[period] for one in owned[account]), start=Earnings())
                for period in Trailing
            },
        )
        for place, account in enumerate(ordered, start=1)
    )


def _stake(models: Sequence[RankedModel]) -> Decimal:
    return sum((one.model.stake_nmr for one in models), start=Decimal(0))


def _reputations(models: Sequence[RankedModel]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in SCORE_NAMES:
        scored = [one for one in models if name in one.reputations]
        weights = [float(one.model.stake_nmr) for one in scored]
        if not any(weights):
            weights = [1.0] * len(scored)
        if scored:
            total = sum(w * one.reputations[name] for w, one in zip(weights, scored, strict=True))
            found[name] = total / sum(weights)
    return found
