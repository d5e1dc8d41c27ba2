"""What commands show that no room below has a record for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Removed:
    """A practice tournament that is gone."""

    folder: Path


@dataclass(frozen=True)
class Added:
    """A model of the participant's."""

    model: str
    model_id: str
