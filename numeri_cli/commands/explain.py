"""numeri explain: a score, a word of the tournament or a key of the profile, in sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from numeri_cli.errors import UsageProblem, did_you_mean
from numeri_cli.guide.pages import TABLES, formulas, senses
from numeri_cli.published import Published

_KINDS = (
    (re.compile(r"target_\w+"), "target name"),
    (re.compile(r"v\d+(\.\d+)*"), "data version"),
)


@dataclass(frozen=True)
class Explanation(Published):
    """What a word means; lower_is_better, source and formula are known of scores alone.

    where: the table or place where it means this; None for everywhere
    """

    word: str
    meaning: str
    lower_is_better: bool | None = None
    source: str | None = None
    formula: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class Explanations(Published):
    """The word that was asked for; every word without one."""

    words: tuple[Explanation, ...]


_Known = dict[str, tuple[Explanation, ...]]  # each word in its plain form, with all its meanings


def explain(word: str | None) -> Explanations:
    """What a word means, or all words. Raises UsageProblem for one that nobody here knows."""
    known = _known()
    if word is None:
        return Explanations(tuple(one for meanings in known.values() for one in meanings))
    plain = _plain(word).partition(" on ")[0]
    told = known.get(plain) or known.get(plain.removesuffix("s")) or _behind_a_score(plain, known)
    if found := (*(told or _of_its_kind(word, known)), *_keys(word)):
        return Explanations(found)
    hint = did_you_mean(word, words(), otherwise="`numeri explain` lists all words", likeness=0.8)
    raise UsageProblem(
        f"{word!r} is no score, no word of the guide and no key of the profile", hint=hint
    )


def words() -> tuple[str, ...]:
    """Every word that `explain` knows, keys of the profile apart."""
    return tuple(meanings[0].word for meanings in _known().values())


def _behind_a_score(plain: str, known: _Known) -> tuple[Explanation, ...]:
    """A row of a table, such as "corr sharpe", by what stands behind the score's label."""
    ways = [(plain[:at], plain[at + 1 :]) for at, letter in enumerate(plain) if letter == " "]
    return next((known[rest] for first, rest in ways if first in known and rest in known), ())


def _of_its_kind(word: str, known: _Known) -> tuple[Explanation, ...]:
    """A name that stands in no list, such as that of a target, by what its kind is."""
    kinds = (kind for names, kind in _KINDS if names.fullmatch(word.lower()))
    return tuple(replace(one, word=word) for kind in kinds for one in known[kind])


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("_", " ").replace("-", " ").split())


def _keys(word: str) -> tuple[Explanation, ...]:
    """The keys of the profile that are called so, by the whole path or its last word."""
    from numeri_cli.commands.profile_keys import profile_keys

    return tuple(
        Explanation(
            key.path,
            f"{key.meaning} Its value: {key.takes}; {_default(key.default)}.",
            where="numeri.toml",
        )
        for key in profile_keys()
        if word.strip("[]") in (key.path, key.name)
    )


def _default(text: str | None) -> str:
    return "there is no default" if text is None else f"the default is {text}"


def _known() -> _Known:
    """Scores by their labels, then the words of the glossary and those of tables.

    What the page of tables adds on a score stands behind what the score means.
    """
    from numeri_cli.scoring.score_table import SCORES

    worked_out = formulas()
    found: _Known = {}
    for one in SCORES:
        source, formula = one.source, worked_out.get(one.label)
        meant = Explanation(one.label, one.meaning, one.lower_is_better, source, formula)
        found[_plain(one.label)] = (meant,)
    for sense in (*senses(), *senses(TABLES)):
        plain = _plain(sense.word)
        first, *_ = found.get(plain, (None,))
        if first is not None and first.source is not None:
            found[plain] = (replace(first, meaning=f"{first.meaning} {sense.meaning}"),)
        else:
            meant = Explanation(sense.word, sense.meaning, where=sense.where)
            found[plain] = (*found.get(plain, ()), meant)
    return found
