"""What a command said, wherever it ran."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Said:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as the one JSON object."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def data(self) -> Any:
        """What the JSON object holds."""
        return self.json["data"]

    @property
    def model(self) -> dict[str, Any]:
        """The one model of a run's result."""
        [found] = self.json["data"]["models"]
        return dict(found)

    @property
    def problem(self) -> dict[str, Any]:
        """The error, of the command or of its one model."""
        found = self.json["error"] or self.model["problem"]
        assert found is not None, self.out
        return dict(found)
