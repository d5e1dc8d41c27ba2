"""The places of a JSON value, at which tests change something."""

from __future__ import annotations

from typing import Any


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a JSON value, that of the whole included."""
    if isinstance(value, dict):
        return [path, *(p for k, v in value.items() for p in places(v, (*path, k)))]
    if isinstance(value, list):
        return [path, *(p for k, v in enumerate(value) for p in places(v, (*path, k)))]
    return [path]
