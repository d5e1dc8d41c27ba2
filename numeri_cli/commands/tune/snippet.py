"""A model as a profile that `numeri train` takes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

from numeri_cli.files import write_text
from numeri_cli.model_spec import ModelSpec

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_MARK = "# replaced by the next search, unless a line is changed: "


def write_snippet(
    path: Path,
    name: str,
    spec: ModelSpec,
    *,
    tournament: str,
    data_version: str,
    comments: tuple[str, ...],
) -> None:
    """Write a whole profile with one model. Raises DiskError.

    comments: lines on top
    """
    lines = [
        *(f"# {' '.join(line.split())}" for line in comments),
        f"tournament = {toml(tournament)}",
        f"data_version = {toml(data_version)}",
        "",
        *model_lines(name, spec),
    ]
    text = "\n".join(lines) + "\n"
    write_text(path, f"{_MARK}{_digest(text)}\n{text}")


def free_place(folder: Path, name: str, *, in_use: Path | None) -> Path:
    """Where a model's snippet goes: in place of an earlier one, or beside what would be lost.

    in_use: the profile of this search, which is never replaced; nor is a snippet that was edited
    """
    used = None if in_use is None else in_use.resolve()
    places = (
        folder / f"{name}-tuned{end}.toml" for end in chain([""], map("-{}".format, count(2)))
    )
    return next(
        path
        for path in places
        if not path.exists() or (path.resolve() != used and _is_as_written(path))
    )


def _is_as_written(path: Path) -> bool:
    """Whether a file is a snippet that nobody has changed since."""
    try:
        mark, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return False
    return mark == f"{_MARK}{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def model_lines(name: str, spec: ModelSpec) -> list[str]:
    """The section of a model, with every key that is not as the default has it."""
    keys = spec.model_dump(exclude_unset=True)
    estimator = spec.estimator.model_dump(exclude_none=True)
    keys.pop("estimator", None)
    plain = {key: value for key, value in keys.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in keys.items() if isinstance(value, Mapping)}
    lines = [f"[models.{_key(name)}]"]
    lines += [f"{_key(key)} = {toml(value)}" for key, value in plain.items() if value is not None]
    lines += [f"{key} = {toml(_steps(key, value))}" for key, value in tables.items()]
    lines += ["", f"[models.{_key(name)}.estimator]"]
    return [*lines, *(f"{_key(key)} = {toml(value)}" for key, value in estimator.items())]


def _steps(key: str, table: Mapping[str, Any]) -> object:
    """A table; of a neutralization in steps the list of its tables, as the profile has them."""
    if key != "neutralize" or not table.get("then"):
        return table
    first = {name: value for name, value in table.items() if name != "then"}
    return [first, *table["then"]]


def toml(value: object) -> str:
    """A value as TOML writes it, on one line. Raises TypeError for what TOML has not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, Mapping):
        given = {key: one for key, one in value.items() if one is not None}
        pairs = (f"{_key(key)} = {toml(one)}" for key, one in given.items())
        return f"{{ {', '.join(pairs)} }}" if given else "{}"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else toml(name)
