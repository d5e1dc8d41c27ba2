"""What the figures of a validation rest on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.validate.figure_lines import PAYOUT
from numeri_cli.commands.validate.validation import Coverage, Validation

_NAMED_GAINS = 3


def notes_of(validation: Validation) -> Iterator[str]:
    """On which eras and targets scores rest, what was leant on, and what is paid."""
    yield from _rested(validation)
    yield from _trained_for(validation)
    yield from _elsewhere(validation)
    table = validation.cards[0].table
    if validation.benchmark and any(score.against_benchmark for score in validation.scores):
        labels = " and ".join(score.label for score in table if score.against_benchmark)
        yield f"{labels} are against {validation.benchmark}"
    for card in validation.cards:
        feature, _, size = card.largest_exposure()
        if feature:
            yield f"largest exposure of {card.name}: {size:.4f}, {feature}"
    for source in validation.sources:
        if source.gain_importance:
            shares = source.gain_importance[:_NAMED_GAINS]
            told = ", ".join(f"{name} {share:.1%}" for name, share in shares)
            yield f"gain of {source.name}: {told}"
    rule = validation.payout
    if rule and validation.payout_series:
        yield f"{PAYOUT}: share of what is at risk in a round, {rule.formula}"
        if rule.share_words:
            yield rule.share_words
        if rule.turns_a_year is not None:
            yield f"{PAYOUT} a year and worst quarter: in % of the whole stake"


def _rested(validation: Validation) -> Iterator[str]:
    """The scores that rest on fewer eras than all."""
    for score in validation.scores:
        for card in validation.cards:
            eras = card.summary(score.name).eras
            if eras < len(validation.eras):
                yield f"{score.label} of {card.name} rests on {eras} eras"


def _trained_for(validation: Validation) -> Iterator[str]:
    """Each source's own targets where they are others, and what it has seen."""
    for source, coverage in zip(validation.sources, validation.coverage, strict=True):
        if source.targets and source.targets != (validation.target,):
            yield f"{source.name} was trained for {' and '.join(source.targets)}"
        if coverage.seen_in_training:
            yield f"{source.name} knows {seen_by_kind(coverage)}"


def _elsewhere(validation: Validation) -> Iterator[str]:
    """The eras of further targets, and what models know of these."""
    for other in validation.others:
        first, last = other.eras[0], other.eras[-1]
        yield f"on {other.target}: {len(other.eras)} eras ({first}–{last})"
        for card, coverage in zip(other.cards, other.coverage, strict=True):
            if coverage.seen_in_training:
                yield f"{card.name} knows {seen_by_kind(coverage)}"


def seen_by_kind(coverage: Coverage) -> str:
    """Such as "12 of these eras: it was trained on 8, 4 lie near them"."""
    near = coverage.held_out + coverage.purged
    kinds = (
        (coverage.seen_in_training - near, "it was trained on {}"),
        (coverage.held_out, "{} ended its training early"),
        (coverage.purged, "{} are so near that targets share days"),
    )
    told = ", ".join(words.format(count) for count, words in kinds if count)
    return f"{coverage.seen_in_training} of these eras: {told}"
