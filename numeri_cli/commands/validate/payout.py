"""How the tournament pays for scores: asked of the server, never written down here."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from numeri_cli.commands.context import Context
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.dataset.eras import DAYS_PER_ERA
from numeri_cli.errors import ApiError
from numeri_cli.records import Round, ScoreConfig
from numeri_cli.scoring.score_table import Score, score_named
from numeri_cli.scoring.summary import PayoutRule

_MEASURES = {  # of the API: our name, and the versions that our formula is that of
    "correlation": ("corr", {"3", "6"}),
    "meta_model_contribution": ("mmc", {"3", "5"}),
}
_SHOWN = re.compile(r"(canon_)?(v2_)?(?P<score>corr|mmc)(20|60)?")
_TARGET = re.compile(r"(target_)?[a-z]+_\d+")
_CURRENT = 0  # as a round's number: the one that is open
_LISTED = 6  # rounds, to see how far apart they open
_ROUNDS_A_WEEK = 5  # Tuesday to Saturday
_DAYS_BESIDE = 4  # business days of a round's life that are in no score
_RETRY_SECONDS = 2.0  # of tries; files can be scored without a server


def with_payout(context: Context, validation: Validation) -> Validation:
    """The validation with the payout formula of the round that is open, or else the latest one.

    Left as it is, with a word to the listener, where the server cannot be asked, where the round
    pays on another target, or for a score that cannot be computed here.
    """
    rule = rule_for(context, validation.target)
    return validation if rule is None else replace(validation, payout=rule)


def rule_for(context: Context, target: str) -> PayoutRule | None:
    """The payout formula for a target of the round that is open, or else of the latest one.

    None, with a word to the listener, where the server cannot be asked, where the round pays on
    another target, or for a score that cannot be computed here.
    """
    say = context.listener.say
    try:
        with context.client.within(_RETRY_SECONDS):
            round_ = _paying_round(context)
            a_week = (
                None if round_ is None else _rounds_a_week(context.client.rounds(limit=_LISTED))
            )
    except ApiError as error:
        say(f"going on without the payout: {error.message}")
        return None
    if round_ is None or not _paid(round_):
        return None
    rule = payout_rule(round_)
    if rule is None:
        say(
            f"going on without the payout: that of round {round_.number} cannot be worked out here"
            f"{_why_not(round_)}"
        )
        return None
    if not pays_on(round_, target):
        say(f"no payout: round {round_.number} pays on {_payer(round_)}, not on {target}")
        return None
    return replace(rule, rounds_held=rounds_held(round_, a_week), rounds_a_week=a_week)


def _rounds_a_week(rounds: Sequence[Round]) -> int | None:
    """How many rounds open in a week, by the gap between two in the middle; None for too few."""
    opened = sorted(one.open_time for one in rounds)
    gaps = sorted(later - first for first, later in pairwise(opened))
    if not gaps or not gaps[len(gaps) // 2]:
        return None
    return _ROUNDS_A_WEEK if gaps[len(gaps) // 2] < timedelta(days=4) else 1


def rounds_held(round_: Round, rounds_a_week: int | None) -> int | None:
    """Among how many rounds a stake is divided; None where that is not known.

    A round that can burn its whole stake has a part of the model's stake, for as long as it lives:
    the days of its scores, two before them and two until the data are in.
    source: TOURNAMENT rules since round 1343, 64 business days of 60-day scores
    """
    paid = _paid(round_)
    days = {one.total_score_days for one in paid}
    whole = all(one.clip_threshold == 1 for one in paid)
    longest = max((one for one in days if one is not None), default=None)
    if rounds_a_week is None or longest is None or not whole:
        return None
    return math.ceil((longest + _DAYS_BESIDE) / DAYS_PER_ERA * rounds_a_week)


def _paying_round(context: Context) -> Round | None:
    """The open round with its rules, else the latest one; None where there is none."""
    client = context.client
    found = client.round_rules(_CURRENT)
    if found is None:
        latest = max(client.rounds(limit=1), key=lambda round_: round_.number, default=None)
        found = client.round_rules(latest.number) if latest else None
    return found


def payout_rule(round_: Round) -> PayoutRule | None:
    """The round's formula; None where it takes a score that is not ours, or is not whole."""
    paid = _paid(round_)
    clips = {config.clip_threshold for config in paid}
    clip = clips.pop() if len(clips) == 1 else None
    if clip is None:
        return None
    factors = [_factor(config, round_) for config in paid]
    shared = factors[0] if len(set(factors)) == 1 else None
    multipliers = []
    for config, factor in zip(paid, factors, strict=True):
        score = score_of(config)
        if score is None or config.multiplier is None:
            return None
        own = 1.0 if shared is not None else factor
        multipliers.append((score, config.multiplier * own))
    return PayoutRule(
        multipliers=tuple(multipliers), clip=clip, factor=1.0 if shared is None else shared
    )


def _factor(config: ScoreConfig, round_: Round) -> float:
    """What the score is multiplied by beside its multiplier: its own factor, else the round's."""
    known = round_.payout_factor if config.payout_factor is None else config.payout_factor
    return 1.0 if known is None else float(known)


def pays_on(round_: Round, target: str) -> bool:
    """Whether the round pays for scores on this target, as far as it says so.

    Its own target, where it names one, has to be this; so have the days of its paid scores, where
    they are known. A round that says neither is taken to pay: nothing speaks against it.
    """
    named = round_.target or ""
    is_named = _TARGET.fullmatch(named) is not None
    if is_named and named.removeprefix("target_") != target.removeprefix("target_"):
        return False
    horizons = {one.total_score_days for one in _paid(round_)} - {None}
    return all(target.endswith(f"_{days}") for days in horizons)


def _paid(round_: Round) -> tuple[ScoreConfig, ...]:
    return tuple(one for one in round_.score_configs if one.is_payout and one.multiplier != 0)


def _payer(round_: Round) -> str:
    """What the round pays on, as far as it says."""
    if round_.target is not None and _TARGET.fullmatch(round_.target):
        return round_.target
    days = sorted({one.total_score_days for one in _paid(round_)} - {None}, key=str)
    return f"targets of {' and '.join(map(str, days))} days" if days else "another target"


def _why_not(round_: Round) -> str:
    """Which paid scores are not ours; "" where another part of the formula is missing."""
    strange = [one for one in _paid(round_) if score_of(one) is None]
    told = (
        f"{one.name} version {one.version} ({one.display_name})" if one.version else one.name
        for one in strange
    )
    return f": it pays for {', '.join(told)}" if strange else ""


def score_of(config: ScoreConfig) -> Score | None:
    """Which of our scores a configuration means, by its name and version.

    One that tells no version, or has a name of older days, is known by the name that people see:
    "corr" of v2_corr20 and CORR60, "mmc" of canon_mmc60. None for every other score: the
    neutral_correlation of Signals is not CORR.
    """
    if config.name in _MEASURES:
        name, versions = _MEASURES[config.name]
        known = config.version is None or config.version in versions
        return score_named(name) if known else None
    if config.name != config.display_name and not _SHOWN.fullmatch(config.name.lower()):
        return None
    shown = _SHOWN.fullmatch(config.display_name.lower())
    return score_named(shown["score"]) if shown else None
