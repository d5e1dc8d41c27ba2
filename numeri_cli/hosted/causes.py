"""Why a model failed in the sandbox: the cause first, then the exception's own words."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from numeri_cli.hosted.environments import Environment
from numeri_cli.hosted.findings import HostedFinding, mend
from numeri_cli.hosted.images import IN_SOME, is_in_images
from numeri_cli.hosted.pickle_contents import PickleContents
from numeri_cli.hosted.sandbox import GIGABYTE, ModelTrouble, Outcome, Run, SandboxLimits

_OTHER_PYTHON = ("opcode", "code() ", "code expected", "marshal", "bad argument to internal")
_OTHER_CLOUDPICKLE = ("cloudpickle", "_function_setstate", "_class_setstate", "_make_skeleton")
_NO_FILE = ("FileNotFoundError", "PermissionError", "Could not open", "No such file")
_CRASHES = (signal.SIGSEGV, signal.SIGILL, signal.SIGABRT, signal.SIGBUS)
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the pickle was tried in, and what it says about itself."""

    environment: Environment
    limits: SandboxLimits
    contents: PickleContents

    @property
    def other_python(self) -> str:
        """Such as "Python 3.11", where its byte code is surely of another one; else ""."""
        pythons = self.contents.pythons
        if not pythons or self.environment.minor in pythons:
            return ""
        return "Python " + " or ".join(pythons)


def of_end(run: Run, given: Circumstances) -> HostedFinding | None:
    """Why the process ended before it was done; None where it was not ended."""
    if run.ended == "time":
        minutes = given.limits.seconds / 60
        return mend(
            "time",
            f"it takes longer than the {minutes:g} minutes that Numerai gives on one core",
            "take fewer trees, members or features",
        )
    if run.ended == "memory":
        return mend(
            "memory",
            f"it takes more memory than the {given.limits.memory_bytes / GIGABYTE:g} GB that"
            " Numerai gives",
            "hold less at once: float32 instead of float64, one member after the other",
        )
    if run.ended == "crash":
        return _of_crash(run, given)
    return None


def _of_crash(run: Run, given: Circumstances) -> HostedFinding:
    name = signal.Signals(run.signal).name if run.signal in set(signal.Signals) else "exit"
    if run.signal in _CRASHES and (given.other_python or given.contents.holds_code):
        return _another_python(given, f"the interpreter crashed, {name}")
    return mend(
        "predicts",
        f"its process ended by itself ({name}) in the step {run.at or 'start'}:"
        f" {_last_line(run.words)}",
        "look at what it calls that is no Python",
    )


def of_trouble(outcome: Outcome, run: Run, given: Circumstances) -> HostedFinding | None:
    """Why a call, or opening the pickle, raised an exception; None where it did not."""
    trouble = outcome.trouble
    if trouble is None:
        return None
    words = _words(trouble)
    if given.other_python:
        return _another_python(given, words)
    if run.addresses:
        return mend(
            "network",
            f"it needs the network, which Numerai's machines do not have: {run.addresses[0]}"
            f" ({words})",
            "bring what it fetches into the pickle",
        )
    told = f"{trouble.error} {trouble.words}"
    if run.files or any(sign in told for sign in _NO_FILE):
        name = f": {run.files[0]}" if run.files else ""
        return mend(
            "files",
            f"it reads a file that is not on Numerai's machines{name} ({words})",
            "bring what is in the file into the pickle",
        )
    if trouble.module and trouble.error == "ModuleNotFoundError":
        return of_module(trouble.module.split(".", maxsplit=1)[0], words)
    if any(sign in told for sign in _OTHER_CLOUDPICKLE):
        return mend(
            "opens",
            f"it was pickled by another cloudpickle than the image's"
            f" {given.environment.packages.get('cloudpickle', '')} ({words})",
            f"pickle it with that one: `--python {given.environment.minor}` does",
        )
    if any(sign in told for sign in _OTHER_PYTHON) and given.contents.holds_code:
        return _another_python(given, words)
    if trouble.error == "MemoryError":
        return mend("memory", f"it runs out of memory ({words})", "hold less at once")
    check = "opens" if run.steps.get("load") is outcome else "predicts"
    return mend(check, f"it fails: {words}", "mend what it calls, and check it again")


def of_module(module: str, words: str = "") -> HostedFinding:
    """A module that is taken by its name and is not in every image."""
    told = f" ({words})" if words else ""
    if module in IN_SOME:
        cure = "see that the image has it, or do without it"
    elif is_in_images(module):
        cure = "Numerai's images have it, this environment has not: go online, without --bare"
    else:
        cure = "put the module beside the profile, where it is pickled by value, or do without it"
    return mend(
        "modules",
        f"the module {module!r} is pickled by its name only, and is not there{told}",
        cure,
    )


def _another_python(given: Circumstances, words: str) -> HostedFinding:
    by = f" ({given.other_python})" if given.other_python else ""
    return mend(
        "python",
        f"it holds byte code of another Python{by} than the image's"
        f" {given.environment.minor} ({words})",
        f"pickle it with Python {given.environment.minor}, or choose the image of the Python that"
        " made it with --python",
    )


def _words(trouble: ModelTrouble) -> str:
    first = next((line for line in trouble.words.splitlines() if line.strip()), "")
    told = f"{trouble.error}: {first.strip()[:_LONGEST]}" if first else trouble.error
    return f"{told}; {trouble.place}" if trouble.place else told


def _last_line(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return re.sub(r"\s+", " ", lines[-1])[:_LONGEST] if lines else "it said nothing"
