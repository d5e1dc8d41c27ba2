"""How the tournament pays for scores: asked of the server, never written down here."""

from __future__ import annotations

import re
from dataclasses import replace

from numeri_cli.commands.context import Context
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.errors import ApiError
from numeri_cli.records import Round, ScoreConfig
from numeri_cli.scoring.score_table import SCORES, Score
from numeri_cli.scoring.summary import PayoutRule

_CURRENT = 0  # as a round's number: the one that is open
_RETRY_SECONDS = 2.0  # of tries; files can be scored without a server


def with_payout(context: Context, validation: Validation) -> Validation:
    """The validation with the payout formula of the round that is open, or else the latest one.

    Left as it is, with a word to the listener, where the server cannot be asked, where the round
    pays on another target, or for a score that cannot be computed here.
    """
    say = context.listener.say
    try:
        with context.client.within(_RETRY_SECONDS):
            round_ = _latest_rules(context)
    except ApiError as error:
        say(f"going on without the payout: {error.message}")
        return validation
    if round_ is None or not any(config.is_payout for config in round_.score_configs):
        return validation
    rule = payout_rule(round_)
    if rule is None:
        say(f"going on without the payout: that of round {round_.number} cannot be worked out here")
        return validation
    if not pays_on(round_, validation.target):
        paid = round_.target or "another target"
        say(f"no payout: round {round_.number} pays on {paid}, not on {validation.target}")
        return validation
    return replace(validation, payout=rule)


def _latest_rules(context: Context) -> Round | None:
    client = context.client
    found = client.round_rules(_CURRENT)
    if found is None:
        latest = max(client.rounds(limit=1), key=lambda round_: round_.number, default=None)
        found = client.round_rules(latest.number) if latest else None
    return found


def payout_rule(round_: Round) -> PayoutRule | None:
    """The round's formula; None where it takes a score that is not ours, or is not whole."""
    paid = _paid(round_)
    multipliers = []
    for config in paid:
        score = _score(config)
        if score is None or config.multiplier is None:
            return None
        multipliers.append((score, config.multiplier))
    clips = {config.clip_threshold for config in paid}
    clip = clips.pop() if len(clips) == 1 else None
    if clip is None:
        return None
    factor = 1.0 if round_.payout_factor is None else float(round_.payout_factor)
    return PayoutRule(multipliers=tuple(multipliers), clip=clip, factor=factor)


def pays_on(round_: Round, target: str) -> bool:
    """Whether the round pays for scores on this target."""
    if round_.target is not None and round_.target not in (target, target.removeprefix("target_")):
        return False
    horizons = {one.total_score_days for one in _paid(round_)} - {None}
    return all(target.endswith(f"_{days}") for days in horizons)


def _paid(round_: Round) -> tuple[ScoreConfig, ...]:
    return tuple(one for one in round_.score_configs if one.is_payout and one.multiplier != 0)


def _score(config: ScoreConfig) -> Score | None:
    """Which of our scores it is: "corr" of v2_corr20 and CORR60, "mmc" of canon_mmc60."""
    words = set(re.findall("[a-z]+", f"{config.name} {config.display_name}".lower()))
    if words & {"meta", "cwmm"}:  # corr_w_meta_model
        return None
    found = [score for score in SCORES if score.is_paid and score.name in words]
    return found[0] if len(found) == 1 else None
