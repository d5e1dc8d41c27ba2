"""The list of commands as `--help` shows it: by what they are for, each with its whole sentence."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typer.core import TyperGroup

SECTIONS: Mapping[str, Sequence[str]] = {
    "Begin": ("init", "login", "logout", "practice"),
    "A round": (
        "run",
        "submit",
        "status",
        "rounds",
        "submissions",
        "schedule",
        "notify",
        "hosted",
        "listen",
    ),
    "Data and models": (
        "datasets",
        "download",
        "train",
        "retrain",
        "tune",
        "predict",
        "neutralize",
        "models",
    ),
    "Judge a model": ("validate", "backtest", "diagnostics"),
    "Scores and money": ("scores", "payouts", "stakes", "account", "leaderboard"),
    "Look after it": ("doctor", "clean", "log"),
    "Read": ("guide", "explain", "mcp"),
}
OTHERS = "Commands"  # heading of those that stand in no section


class SentenceGroup(TyperGroup):
    """A group whose help shortens no sentence of its commands."""

    sections: Mapping[str, Sequence[str]] = {}

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections, in their order, and in each the commands in theirs."""
        names = self.list_commands(ctx)
        width = max((len(name) for name in names), default=0)
        for heading, members in in_sections(names, self.sections):
            rows = [(name.ljust(width), _sentence(self.get_command(ctx, name))) for name in members]
            with formatter.section(heading):
                formatter.write_dl(rows)


class RootGroup(SentenceGroup):
    """All commands, by what they are for."""

    sections = SECTIONS


def in_sections(
    names: Sequence[str], sections: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, Sequence[str]]]:
    """Each heading with those of the names that stand under it; the others under OTHERS."""
    placed = {name for members in sections.values() for name in members}
    others = [name for name in names if name not in placed]
    for heading, members in {**sections, OTHERS: others}.items():
        found = [name for name in members if name in names]
        if found:
            yield heading, found


def _sentence(command: Any) -> str:
    """The first paragraph of a command's help, on one line."""
    paragraph = inspect.cleandoc(command.help or "").partition("\n\n")[0]
    return " ".join(paragraph.split())
