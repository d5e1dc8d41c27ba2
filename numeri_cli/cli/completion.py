"""What a shell offers behind TAB: commands, options, models, files, feature sets, targets.

Typer speaks with the shell; this says which values a parameter may have. Each TAB is a process of
its own, so that nothing is imported for it that takes long, and whatever cannot be read is left
out: a word too few is better than an error in the middle of a line.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import typer

from numeri_cli.commands import STARTER_MODEL
from numeri_cli.commands.endpoint import resolve
from numeri_cli.guide.pages import pages
from numeri_cli.home import Home
from numeri_cli.tournaments import CLASSIC, DATA_VERSION

VARIABLE = "_NUMERI_COMPLETE"  # set by the script that `--show-completion` prints
_DATA = ("live", "validation", "train")
_TABLES = (".csv", ".parquet")
_BACKTEST = "@backtest"


@dataclass(frozen=True)
class Offered:
    """A word that a shell may put in, as Typer wants to see it."""

    value: str
    help: str | None = None
    type: str = "plain"


@dataclass(frozen=True)
class Line:
    """What stands on the line so far: the options that say where to look, and the words."""

    home: Home
    given: Mapping[str, Any]

    @cached_property
    def profile(self) -> dict[str, Any]:
        """The profile as TOML has it, unchecked; empty where there is none that can be read."""
        asked = self.given.get("profile")
        for path in [asked] if asked else [Path("numeri.toml"), self.home.profile]:
            if Path(path).is_file():
                return tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return {}

    @cached_property
    def models(self) -> list[str]:
        """The profile's, or that of whoever tries practice without one."""
        return list(self.profile.get("models", {})) or [STARTER_MODEL]

    @cached_property
    def tournament(self) -> str:
        """The key of the tournament that is meant."""
        return resolve(self.given.get("tournament"), self.profile.get("tournament")).key

    @cached_property
    def features(self) -> dict[str, Any]:
        """The feature file of the data version; empty where it is not here."""
        version = str(self.profile.get("data_version", DATA_VERSION))
        path = self.home.datasets(self.tournament) / version / CLASSIC.files.features
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return found if isinstance(found, dict) else {}

    @property
    def artifacts(self) -> list[str]:
        """Artifacts of the models on the line, else of all models; the newest first."""
        named = [word for words in self.given.values() for word in _as_list(words)]
        models = [name for name in self.models if name in named] or self.models
        folders = [self.home.models(self.tournament) / name for name in models]
        return sorted(
            (
                one.name
                for folder in folders
                if folder.is_dir()
                for one in folder.iterdir()
                if not one.name.startswith(".")  # a training that is not finished
            ),
            reverse=True,
        )


def _as_list(words: Any) -> list[str]:
    if isinstance(words, str):
        return [words]
    return [*words] if isinstance(words, list | tuple) else []


def _tables(line: Line) -> list[str]:
    """Prediction and data files in this folder; the shell itself knows those of others."""
    return sorted(one.name for one in Path().iterdir() if one.suffix.lower() in _TABLES)


def _sources(line: Line) -> list[str]:
    walked = [f"{name}{_BACKTEST}" for name in line.models]
    return [*line.models, *_tables(line), *walked]


def _explained(line: Line) -> list[str]:
    from numeri_cli.commands.explain import words  # brings numpy, for this command alone

    return list(words())


# By the name of a command's parameter; of every other one the shell offers files.
VALUES: Mapping[str, Callable[[Line], Iterable[str]]] = {
    "tournament": lambda line: ("numerai", "practice"),
    "models": lambda line: line.models,
    "model": lambda line: line.models,
    "name": lambda line: line.models,
    "sources": _sources,
    "data": lambda line: (*_DATA, *_tables(line)),
    "files": lambda line: (*_DATA, "features", "meta_model"),
    "target": lambda line: line.features.get("targets", ()),
    "features": lambda line: line.features.get("feature_sets", ()),
    "artifact": lambda line: line.artifacts,
    "topic": lambda line: [page.topic for page in pages()],
    "word": _explained,
}


def offered(name: str, given: Mapping[str, Any], incomplete: str) -> list[Offered]:
    """The values of a parameter that begin as the word does; none where nothing can be read."""
    wanted = VALUES.get(name)
    if wanted is None:
        return []
    try:
        words = [str(word) for word in wanted(Line(Home.find(), given))]
    except Exception:  # any file may be unsound, and an error would stand in the middle of a line
        return []
    begun = incomplete.lower()
    return [Offered(word) for word in words if word.lower().startswith(begun)]


def complete(app: typer.Typer) -> int:
    """Answer the shell, which says in the environment what stands on its line."""
    command: Any = typer.main.get_command(app)
    _attach(command)
    result: Any = command.main(args=[], prog_name="numeri", standalone_mode=False)
    return int(result or 0)


def words_on_line() -> list[str]:
    """The words of the line, as bash or as zsh and fish say them."""
    lines = (os.environ.get(name, "") for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"))
    return [word for line in lines for word in line.split()]


def _attach(command: Any) -> None:
    """Tell each parameter of a command, and of all below it, which values it has."""
    for parameter in command.params:
        if not _has_choices(parameter):
            parameter.shell_complete = _teller(parameter.name)
    for below in getattr(command, "commands", {}).values():
        _attach(below)


def _has_choices(parameter: Any) -> bool:
    """Whether Typer itself knows all values, as of `--system`."""
    return bool(parameter.type_descriptor.is_choice)


def _teller(name: str) -> Callable[[Any, str], list[Offered]]:
    def tell(context: Any, incomplete: str) -> list[Offered]:
        return offered(name, context.params, incomplete)

    return tell
