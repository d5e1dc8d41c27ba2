"""What came out of the crowd experiment, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LIVE_ERAS = 104
LEAST = {"median rival": 17, "tutorial": 13}
META = "meta model"
SECOND_YEAR = "meta model, second year"
GROUPS = {"exposed": "the three best features", "neutralized": "neutralized trees"}
RANKS = ("best", "median", "worst")


@dataclass(frozen=True)
class Contestant:
    """One way to predict, over the live rounds of one world: CORR per round, 20 and 60 days."""

    name: str
    mean: float
    sharpe: float
    mean_60: float
    sharpe_60: float
    fund_sharpe: float | None


@dataclass(frozen=True)
class Ranks:
    """The best, the median and the worst rank that one rival had in the live rounds."""

    best: float
    median: float
    worst: float


@dataclass(frozen=True)
class RankedBy:
    """Each rival's ranks by the mean CORR of the last `rounds` with the target of `days`."""

    rounds: int
    days: int
    exposed: tuple[Ranks, ...]
    neutralized: tuple[Ranks, ...]

    @classmethod
    def of(cls, row: dict[str, Any]) -> RankedBy:
        """As it was kept."""
        groups = (tuple(Ranks(**one) for one in row[key]) for key in ("exposed", "neutralized"))
        return cls(row["rounds"], row["days"], *groups)

    def mean(self, group: str, key: str) -> float:
        """Over the rivals of one group."""
        return float(np.mean([getattr(one, key) for one in getattr(self, group)]))


@dataclass(frozen=True)
class WorldResult:
    """One world."""

    seed: int
    is_shuffled: bool
    contestants: tuple[Contestant, ...]
    ranks: tuple[RankedBy, ...]

    @classmethod
    def of(cls, row: dict[str, Any]) -> WorldResult:
        """As it was kept."""
        contestants = tuple(Contestant(**one) for one in row["contestants"])
        return cls(
            row["seed"],
            row["is_shuffled"],
            contestants,
            tuple(RankedBy.of(one) for one in row["ranks"]),
        )

    def named(self, name: str) -> Contestant:
        """One of them."""
        return next(one for one in self.contestants if one.name == name)


def report(results: Sequence[WorldResult], *, worlds: int) -> str:
    """The verdicts and the tables, as Markdown; no verdict before all worlds are measured."""
    real = [one for one in results if not one.is_shuffled]
    shuffled = [one for one in results if one.is_shuffled]
    lines = [
        f"# The crowd against its members, in {len(real)} worlds",
        "",
        "Made by `python -m tests.studies.crowd`; the numbers are in `crowd.json`.",
        f"Two years of live rounds each ({LIVE_ERAS}); CORR with the 20-day target.",
        "",
        *(
            _verdicts(real)
            if len(real) == worlds
            else [f"No verdict yet: {len(real)} of {worlds}."]
        ),
        "",
        "Means over the worlds; differences are the meta model's minus the other's (the second",
        "year's for the best rival of the first), ± 1.96 standard errors across worlds; better",
        "counts the worlds in which the meta model has both the higher mean and Sharpe.",
        "",
        (
            "| | CORR | Sharpe | CORR60 | Sharpe60 | fund's Sharpe "
            "| difference in CORR | in Sharpe | in the fund's | meta model better |"
        ),
        "|:---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *_rows(real),
        "",
        "Ranks among all rivals in every week by the mean CORR of one round, of the last 13 and of",
        "up to the last 52, from the 13th on (CORR60 of these is what the tournament ranks by).",
        "Ever first: how many rivals were so in some week; typical: the median over rivals and",
        "worlds; mean: of a world's rivals, ± across worlds. The means by CORR20 of 52 rounds were",
        "looked at first (better best rank in 8 worlds of 20); all else was added after that.",
        "",
        (
            "| ranked by | | ever first | best rank, typical | mean | median rank, typical | mean "
            "| worst rank, mean |"
        ),
        "|:---|:---|---:|---:|---:|---:|---:|---:|",
        *_rank_rows(real),
    ]
    if shuffled:
        lines += [
            "",
            f"With targets dealt out anew among the stocks of every era, {len(shuffled)} worlds;",
            "whoever is picked as the best of 64 was lucky in the rounds that picked it:",
            "",
            "| | CORR | standard error |",
            "|:---|---:|---:|",
            *_edge_rows(shuffled),
        ]
    return "\n".join(lines) + "\n"


def _is_better(result: WorldResult, other: str) -> bool:
    meta, one = _pair(result, other)
    return meta.mean > one.mean and meta.sharpe > one.sharpe


def _pair(result: WorldResult, other: str) -> tuple[Contestant, Contestant]:
    mine = SECOND_YEAR if other == "best of the first year" else META
    return result.named(mine), result.named(other)


def _verdicts(results: Sequence[WorldResult]) -> list[str]:
    lines = []
    for other, least in LEAST.items():
        count = sum(_is_better(one, other) for one in results)
        holds = "holds" if count >= least else "**does not hold**"
        lines.append(
            f"- the meta model beats the {other} in CORR and Sharpe in {count} of {len(results)}"
            f" worlds (wanted: {least}): {holds}"
        )
    # shown, without a threshold
    for place, span in enumerate(_spans(results)):
        both = [one.ranks[place] for one in results]
        rises = sum(one.mean("exposed", "best") < one.mean("neutralized", "best") for one in both)
        falls = sum(
            one.mean("exposed", "median") > one.mean("neutralized", "median") for one in both
        )
        lines.append(
            f"- by the {span}, the rivals of the three best features have a better best rank than"
            f" the neutralized ones in {rises} of {len(results)} worlds, and a worse median rank"
            f" in {falls}"
        )
    return lines


def _spans(results: Sequence[WorldResult]) -> list[str]:
    return [
        f"CORR{one.days} of "
        + {1: "one round", 13: "13 rounds"}.get(one.rounds, f"up to {one.rounds} rounds")
        for one in (results[0].ranks if results else ())
    ]


def _rows(results: Sequence[WorldResult]) -> list[str]:
    lines = []
    for name in (one.name for one in results[0].contestants) if results else ():
        found = [one.named(name) for one in results]
        figures = " | ".join(
            f"{np.mean([getattr(one, key) for one in found]):{style}}"
            for key, style in (
                ("mean", "+.4f"),
                ("sharpe", ".3f"),
                ("mean_60", "+.4f"),
                ("sharpe_60", ".3f"),
            )
        )
        funds = [one.fund_sharpe for one in found if one.fund_sharpe is not None]
        line = f"| {name} | {figures} | {f'{np.mean(funds):.2f}' if funds else ''} "
        if name in (META, SECOND_YEAR):
            lines.append(line + "| | | | |")
            continue
        pairs = [_pair(one, name) for one in results]
        better = sum(_is_better(one, name) for one in results)
        by_mean = _interval([mine.mean - one.mean for mine, one in pairs], "+.4f", ".4f")
        by_sharpe = _interval([mine.sharpe - one.sharpe for mine, one in pairs], "+.3f", ".3f")
        traded = [
            mine.fund_sharpe - one.fund_sharpe
            for mine, one in pairs
            if mine.fund_sharpe is not None and one.fund_sharpe is not None
        ]
        by_fund = _interval(traded, "+.2f", ".2f") if traded else ""
        lines.append(line + f"| {by_mean} | {by_sharpe} | {by_fund} | {better} of {len(results)} |")
    return lines


def _interval(values: Sequence[float], style: str, width: str) -> str:
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{np.mean(values):{style}} ± {1.96 * error:{width}}"


def _rank_rows(results: Sequence[WorldResult]) -> list[str]:
    lines = []
    for place, span in enumerate(_spans(results)):
        both = [one.ranks[place] for one in results]
        means: dict[str, list[list[float]]] = {}
        for group, name in GROUPS.items():
            rivals: list[Ranks] = [rival for one in both for rival in getattr(one, group)]
            first = np.mean([rival.best == 1 for rival in rivals])
            means[group] = [[one.mean(group, key) for one in both] for key in RANKS]
            cells = [_interval(values, ".1f", ".1f") for values in means[group]]
            typical = [np.median([getattr(rival, key) for rival in rivals]) for key in RANKS]
            lines.append(
                f"| {span} | {name} | {first:.0%} | {typical[0]:.1f} | {cells[0]} "
                f"| {typical[1]:.1f} | {cells[1]} | {cells[2]} |"
            )
        best, median, worst = (
            _interval([a - b for a, b in zip(*pair, strict=True)], "+.1f", ".1f")
            for pair in zip(means["exposed"], means["neutralized"], strict=True)
        )
        lines.append(f"| {span} | difference | | | {best} | | {median} | {worst} |")
    return lines


def _edge_rows(results: Sequence[WorldResult]) -> list[str]:
    lines = []
    for name in (one.name for one in results[0].contestants):
        means = [one.named(name).mean for one in results]
        error = float(np.std(means, ddof=1)) / len(means) ** 0.5 if len(means) > 1 else float("nan")
        lines.append(f"| {name} | {np.mean(means):+.4f} | {error:.4f} |")
    return lines
