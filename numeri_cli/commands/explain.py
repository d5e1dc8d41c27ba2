"""numeri explain: a score, a word of the tournament or a key of the profile, in sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numeri_cli.errors import UsageProblem, did_you_mean
from numeri_cli.guide.pages import TABLES, entries, formulas
from numeri_cli.published import Published


@dataclass(frozen=True)
class Explanation(Published):
    """What a word means; lower_is_better, source and formula are known of scores alone."""

    word: str
    meaning: str
    lower_is_better: bool | None = None
    source: str | None = None
    formula: str | None = None


@dataclass(frozen=True)
class Explanations(Published):
    """The word that was asked for; every word without one."""

    words: tuple[Explanation, ...]


def explain(word: str | None) -> Explanations:
    """What a word means, or all words. Raises UsageProblem for one that nobody here knows."""
    known = _known()
    if word is None:
        return Explanations(tuple(known.values()))
    plain = _plain(word).partition(" on ")[0]
    found = known.get(plain) or known.get(plain.removesuffix("s")) or _behind_a_score(plain, known)
    if found is not None:
        return Explanations((found,))
    if keys := _keys(word):
        return Explanations(keys)
    names = [one.word for one in known.values()]
    hint = did_you_mean(word, names, otherwise="`numeri explain` lists all words")
    raise UsageProblem(
        f"{word!r} is no score, no word of the guide and no key of the profile", hint=hint
    )


def words() -> tuple[str, ...]:
    """Every word that `explain` knows, keys of the profile apart."""
    return tuple(one.word for one in _known().values())


def _behind_a_score(plain: str, known: dict[str, Explanation]) -> Explanation | None:
    """A row of a table, such as "corr sharpe", by what stands behind the score's label."""
    return next(
        (
            known[rest]
            for place, letter in enumerate(plain)
            if letter == " " and (rest := plain[place + 1 :]) in known and plain[:place] in known
        ),
        None,
    )


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("_", " ").replace("-", " ").split())


def _keys(word: str) -> tuple[Explanation, ...]:
    """The keys of the profile that are called so, by the whole path or its last word."""
    from numeri_cli.commands.profile_keys import profile_keys

    return tuple(
        Explanation(key.path, f"{key.meaning} Its value: {key.takes}; {_default(key.default)}.")
        for key in profile_keys()
        if word.strip("[]") in (key.path, key.name)
    )


def _default(text: str | None) -> str:
    return "there is no default" if text is None else f"the default is {text}"


def _known() -> dict[str, Explanation]:
    """Scores by their labels, then the words of the glossary and those of tables.

    What the page of tables adds on a score stands behind what the score means.
    """
    from numeri_cli.scoring.score_table import SCORES

    worked_out = formulas()
    found = {
        _plain(one.label): Explanation(
            one.label, one.meaning, one.lower_is_better, one.source, worked_out.get(one.label)
        )
        for one in SCORES
    }
    for word, meaning in (*entries().items(), *entries(TABLES).items()):
        score = found.setdefault(_plain(word), Explanation(word, meaning))
        if score.source is not None:
            found[_plain(word)] = replace(score, meaning=f"{score.meaning} {meaning}")
    return found
