"""Logs of Numerai's machines: the line that matters, what it means, what helps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.api.client import Client
from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedTrigger, RunnerLine
from numeri_cli.errors import ApiError

LONGEST_LINE = 300  # characters of a line that is shown
_ERROR = re.compile(r"^\s*(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt)\b")
_TELLING = re.compile(r"error|exception|fail|kill|invalid|must be|not found|refused", re.IGNORECASE)
VALIDATED_BY = "No currently open rounds!"  # where a log ends with it, all went well


@dataclass(frozen=True)
class Reason:
    """What the words of a log mean, and what helps."""

    words: re.Pattern[str]
    meaning: str
    cure: str


REASONS = (
    Reason(
        re.compile(r"No module named|ModuleNotFoundError"),
        "the pickle takes a module by its name that the image has not",
        "keep your own modules beside the profile, so that they are pickled by value",
    ),
    Reason(
        re.compile(r"unknown opcode|Segmentation fault|SIGSEGV|code 139|TypeError: code\(\)"),
        "the image has another Python than the one that made the pickle",
        "build it with the Python of an image: `--python` names one",
    ),
    Reason(
        re.compile(r"_function_setstate|cloudpickle"),
        "the image has another cloudpickle than the one that made the pickle",
        "build it with the image's version of cloudpickle",
    ),
    Reason(
        re.compile(r"Killed|OOM|out of memory|MemoryError|code 137|SIGKILL", re.IGNORECASE),
        "it needs more than the 4 GB that there are",
        "take fewer features or trees, and work in parts",
    ),
    Reason(
        re.compile(r"timed? ?out|deadline|too long|DeadlineExceeded", re.IGNORECASE),
        "it took longer than the 10 minutes that there are",
        "take fewer trees or features, and neutralize against fewer",
    ),
    Reason(
        re.compile(r"resolve|ConnectionError|URLError|Network is unreachable|Max retries"),
        "it asks the network, and there is none",
        "put into the pickle what it needs",
    ),
    Reason(
        re.compile(r"FileNotFoundError|No such file"),
        "it reads a file that is not on Numerai's machines",
        "put into the pickle what it needs",
    ),
    Reason(
        re.compile(r"Booster|LightGBMError", re.IGNORECASE),
        "a LightGBM booster did not come through the pickle",
        "keep its text in the function and make the booster of it inside",
    ),
    Reason(
        re.compile(
            r"\bNaN|null|must be (?:a )?(?:pd\.|pandas\.)?DataFrame|\[0, ?1\]|between 0 and 1"
        ),
        "what it returns is no good submission",
        "return a DataFrame with a prediction in (0, 1) for every id of the live data",
    ),
)


def line_that_matters(lines: Sequence[str]) -> str | None:
    """Which line of a log tells why a run failed; None where none says anything.

    The last one that names an exception, else the last that a known reason fits, else the last
    that sounds like trouble, else the last one.
    """
    said = [line.strip() for line in lines if line.strip()]
    raised = [line for line in said if _ERROR.match(line)]
    known = [line for line in said if reason_of(line) is not None]
    telling = [line for line in said if _TELLING.search(line)]
    chosen = (raised or known or telling or said)[-1:]
    return chosen[0][:LONGEST_LINE] if chosen else None


def reason_of(line: str) -> Reason | None:
    """What a line means, where that is known."""
    return next((one for one in REASONS if one.words.search(line)), None)


def split_lines(log: Sequence[RunnerLine]) -> tuple[str, ...]:
    """The lines of a log; a message of several lines is several."""
    return tuple(line for one in log for line in one.message.splitlines() or [""])


def run_lines(client: Client, run: HostedTrigger | None) -> tuple[str, ...]:
    """What a run's log says, and what was said of its states; empty where nothing is told.

    Nothing of the API's is raised: a log that cannot be had changes no verdict.
    """
    if run is None:
        return ()
    try:
        lines = split_lines(calls.trigger_log(client, run))
    except ApiError as error:
        lines = (f"its log cannot be had: {error.message}",)
    described = tuple(words for _, words in run.words if words)
    return (*lines, *(one for one in described if one not in lines))
