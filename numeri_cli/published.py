"""Published: the base of every record that `--json` may print."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

VERSION = 1  # of what programs read; raised where a key goes or changes its meaning

_AS_IT_IS = frozenset({str, int, bool, type(None)})  # most values are, and a list may be long


class Published:
    """A frozen dataclass whose fields are keys that programs read.

    A new field is a new key; none is renamed or dropped without raising VERSION. Fields whose name
    starts with an underscore are not published. What a field holds is published too, or is text, a
    number, a time, or a list or mapping of these.
    """

    __slots__ = ()

    def plain(self) -> dict[str, Any]:
        """The record as JSON can hold it: times ISO 8601 in UTC, decimals and paths text, NaN null.

        Raises TypeError for a field that holds a record which is not published.
        """
        kind: Any = type(self)  # which can be hashed, whatever mypy reads out of its instances
        return {
            name: value if type(value := getattr(self, name)) in _AS_IT_IS else _plain(value)
            for name in _public_names(kind)
        }


@cache
def _public_names(record: type[Published]) -> tuple[str, ...]:
    fields = dataclasses.fields(record)  # type: ignore[arg-type]  # each subclass is one
    return tuple(field.name for field in fields if not field.name.startswith("_"))


def _plain(value: Any) -> Any:
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, datetime):
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return in_utc.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    if isinstance(value, Published):
        return value.plain()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal | Path | date):
        return str(value)
    if hasattr(value, "tolist"):  # numpy arrays and scalars, without importing numpy
        return _plain(value.tolist())
    raise TypeError(f"{type(value).__name__} is not published")
