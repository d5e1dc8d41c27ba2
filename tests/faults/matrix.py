"""Every step with every fault: which cells can exist, and what each must end in.

`python -m tests.faults.matrix` prints it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tests.support.bench import ATTEMPTS
from tests.support.replies import REFUSAL_WORDS
from tests.support.steps import Fault, Step


class Duration(StrEnum):
    """How long a fault lasts."""

    ONCE = "once"
    LASTING = "until lifted"


@dataclass(frozen=True)
class Cell:
    """One of the matrix."""

    step: Step
    fault: Fault
    duration: Duration

    def __str__(self) -> str:
        return f"{self.step} × {self.fault} × {self.duration}"

    @property
    def recovers(self) -> bool:
        """Whether the command itself comes through."""
        if self.fault is Fault.REFUSAL:
            return False  # a refusal is no trouble that passes: it is never tried again
        if self.duration is Duration.ONCE:
            return True
        # the server has the submission: asked for it by name, it says so, and nothing is repeated
        return self.step is Step.CREATE and self.fault.acts

    @property
    def is_slow(self) -> bool:
        """Whether the fault lasts until the command loses its patience."""
        return self.fault in (Fault.SILENCE, Fault.DRIP)

    @property
    def attempts(self) -> int:
        """How often the command may try: where each try costs its whole time, two are enough."""
        return 2 if self.is_slow and self.duration is Duration.LASTING else ATTEMPTS

    @property
    def exit_code(self) -> int:
        """What the command ends with while the fault is there."""
        if self.recovers:
            return 0
        return 1 if self.fault is Fault.REFUSAL else 4

    @property
    def sentence(self) -> re.Pattern[str]:
        """What its message must say."""
        table = _STORE_SENTENCES if self.step.at_store else _API_SENTENCES
        return re.compile(table[self.fault])


_API_SENTENCES = {
    Fault.REFUSED: r"no connection to 127\.0\.0\.1",
    Fault.RESET: r"the connection to 127\.0\.0\.1 broke",
    Fault.FIN: r"the connection to 127\.0\.0\.1 broke",
    Fault.SILENCE: r"127\.0\.0\.1 (fell silent|did not answer in time)",
    Fault.DRIP: r"127\.0\.0\.1 (fell silent|did not answer in time)",
    Fault.TOO_MANY: r"127\.0\.0\.1:\d+ asks us to slow down",
    Fault.EMPTY_500: r"127\.0\.0\.1:\d+ answered 500 Internal Server Error",
    Fault.HTML_502: r"127\.0\.0\.1:\d+ answered 502 Bad Gateway",
    Fault.MALFORMED: r"127\.0\.0\.1:\d+ answered no JSON",
    Fault.TROUBLE: r"127\.0\.0\.1:\d+ said: Internal server error",
    Fault.REFUSAL: rf"127\.0\.0\.1:\d+ refused: {REFUSAL_WORDS}",
    Fault.LOST: r"the connection to 127\.0\.0\.1 broke",
}
_FILE = r"(live|lighthouse)\.parquet"
_STORE_SENTENCES = {
    Fault.REFUSED: rf"{_FILE} did not come through: no connection to 127\.0\.0\.1",
    Fault.RESET: rf"{_FILE} did not come through: the connection to 127\.0\.0\.1 broke",
    Fault.FIN: rf"{_FILE} did not come through: the connection to 127\.0\.0\.1 broke",
    Fault.SILENCE: rf"{_FILE} stopped moving",
    Fault.DRIP: rf"({_FILE} stopped moving|only [\d,]+ bytes of {_FILE} came)",
    Fault.TOO_MANY: rf"127\.0\.0\.1 answered 429 for {_FILE}",
    Fault.EMPTY_500: rf"127\.0\.0\.1 answered 500 for {_FILE}",
    Fault.HTML_502: rf"127\.0\.0\.1 answered 502 for {_FILE}",
    Fault.EXPIRED_403: rf"answered 403 for {_FILE} \(AccessDenied: Request has expired\)",
    Fault.LOST: rf"{_FILE} did not come through: the connection to 127\.0\.0\.1 broke",
}

_STORE_ONLY = "an API address is not signed: only addresses of the file store expire"
_API_ONLY = "the file store speaks neither JSON nor GraphQL: its answers are bytes or XML"
_ONCE_ONLY = "a refusal is final for a call that meets it once: lasting longer changes nothing"
_REASONS = (_STORE_ONLY, _API_ONLY, _ONCE_ONLY)


def why_not(step: Step, fault: Fault, duration: Duration) -> str | None:
    """Why there can be no such cell; None where there is one."""
    if fault is Fault.EXPIRED_403 and not step.at_store:
        return _STORE_ONLY
    if fault in (Fault.MALFORMED, Fault.TROUBLE, Fault.REFUSAL) and step.at_store:
        return _API_ONLY
    if fault is Fault.REFUSAL and duration is Duration.LASTING:
        return _ONCE_ONLY
    return None


_ALL = [Cell(step, fault, duration) for step in Step for fault in Fault for duration in Duration]
CELLS = [cell for cell in _ALL if why_not(cell.step, cell.fault, cell.duration) is None]


def summary() -> str:
    """The size of the matrix, and the reasons for what is not in it."""
    size = f"{len(Step)} steps × {len(Fault)} faults × {len(Duration)} durations = {len(_ALL)}"
    reasons = [why_not(cell.step, cell.fault, cell.duration) for cell in _ALL]
    lines = [
        f"fault matrix: {size}; {len(CELLS)} cells exist, {len(_ALL) - len(CELLS)} cannot:",
        *(f"  {reasons.count(one):3} because {one}" for one in _REASONS),
        "  the heartbeat is asked only where the last answer is older than 5 seconds",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(summary())
    for one in CELLS:
        print(f"{one}: exit {one.exit_code}")
