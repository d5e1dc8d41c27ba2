"""What has started this process, as Numerai's webhooks and machines tell their programs.

Both are handed back with what is uploaded, so that the server knows which of its calls it answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

TRIGGER_ID, COMPUTE_ID = "TRIGGER_ID", "NUMERAI_COMPUTE_ID"
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class StartedBy:
    """The webhook's call and the machine that it is about; None for either that is not known.

    ignored: names of variables that hold something else than an id
    """

    trigger_id: str | None = None
    compute_id: str | None = None
    ignored: tuple[str, ...] = ()

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> StartedBy:
        """As TRIGGER_ID and NUMERAI_COMPUTE_ID have it."""
        given = {name: environment.get(name, "") for name in (TRIGGER_ID, COMPUTE_ID)}
        ids = {name: value for name, value in given.items() if plain_id(value)}
        return cls(
            trigger_id=ids.get(TRIGGER_ID),
            compute_id=ids.get(COMPUTE_ID),
            ignored=tuple(name for name, value in given.items() if value and name not in ids),
        )

    @property
    def upload_headers(self) -> dict[str, str]:
        """What goes with a file of predictions on its way to the store."""
        return {"x_compute_id": self.compute_id} if self.compute_id else {}


def plain_id(value: object) -> str | None:
    """The value where it is an id as the server makes them; None for anything else."""
    return value if isinstance(value, str) and _PLAIN_ID.fullmatch(value) else None
