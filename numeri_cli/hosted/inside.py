"""Runs an uploaded model; started in the sandbox, by an interpreter that has no numeri.

`python inside.py FOLDER`: waits for a line on standard input, then opens FOLDER/model.pkl and calls
it as FOLDER/request.json says. What happens is told in lines of JSON on the standard output that it
was started with; whatever the model prints goes to standard error. Each answer is a file of JSON.
"""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

_NO_NETWORK = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")
_LONGEST_WORDS = 2000
_PARENT_DEATH_SIGNAL = 1
_LARGEST_FILE = 2 * 2**30
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class RequestWatch:
    """Hears what the model's code asks of the machine, and refuses what Numerai's would not have.

    readable: folders that are there on Numerai's machines too, in their way
    writable: the folder of this run
    """

    def __init__(self, readable: list[str], writable: str) -> None:
        self.readable = [os.path.realpath(one) for one in readable] + readable
        self.writable = [os.path.realpath(writable), writable]
        self.files: list[str] = []
        self.addresses: list[str] = []
        self.listening = False

    def hear(self, event: str, given: tuple[Any, ...]) -> None:
        """Take in one audit event; raises the OSError that Numerai's machine would raise."""
        if not self.listening:
            return
        if event == "open" and isinstance(given[0], (str, bytes)):
            self._opened(os.fsdecode(given[0]), given[2] if len(given) > 2 else 0)
        elif event in _NO_NETWORK:
            self._reached(event, given)

    def _opened(self, name: str, flags: Any) -> None:
        path = os.path.abspath(name)  # noqa: PTH100 - without a look at the files, as they are
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        allowed = self.writable if writes else [*self.readable, *self.writable, "/dev"]
        if path in _DEVICES or any(_below(path, one) for one in allowed):
            return
        if name not in self.files and not name.endswith(".py"):  # a traceback looks for its lines
            self.files.append(name)
        raise FileNotFoundError(errno.ENOENT, "no such file on Numerai's machines", name)

    def _reached(self, event: str, given: tuple[Any, ...]) -> None:
        target = given[1] if event in ("socket.connect", "socket.sendto") else given[0]
        if isinstance(target, (str, bytes)) and event in ("socket.connect", "socket.sendto"):
            return  # a socket in the file system
        host = target[0] if isinstance(target, tuple) and target else target
        name = os.fsdecode(host) if isinstance(host, (str, bytes)) else str(host)
        if name not in self.addresses:
            self.addresses.append(name)
        raise OSError(errno.ENETUNREACH, "no network on Numerai's machines")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


class Frames:
    """The tables of a round, made anew for every call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def table(self, name: str) -> Any:
        """A table as the runner reads it: ids as its index, columns in their order."""
        import numpy as np
        import pandas as pd

        told = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        index = pd.Index(told["ids"], name="id")
        parts = [
            pd.DataFrame(
                np.load(self.folder / block["file"]).T, index=index, columns=block["names"]
            )
            for block in told["blocks"]
        ]
        for column, values in told["texts"].items():
            parts.append(pd.DataFrame({column: values}, index=index))
        return pd.concat(parts, axis=1)[told["columns"]]

    def live(self, call: dict[str, Any]) -> Any:
        """The live data, changed as the call says."""
        import numpy as np

        table = self.table("live")
        if call.get("rows"):
            table = table.iloc[np.load(self.folder / call["rows"])]
        if call.get("columns"):
            table = table[call["columns"]]
        if call.get("type"):
            whole = call["numbers"]
            table = table.astype(dict.fromkeys(whole, call["type"]))
        if call.get("missing"):
            table[call["missing"]] = np.full(len(table), np.nan, dtype=np.float32)
        return table

    def benchmarks(self, call: dict[str, Any]) -> Any:
        """The benchmark models' predictions; without a column where the file is missing."""
        table = self.table("benchmarks")
        return table.iloc[:, :0] if call.get("no_benchmarks") else table


def answer_of(result: Any) -> dict[str, Any]:
    """What a model answered, as JSON can hold it."""
    import numpy as np
    import pandas as pd

    told: dict[str, Any] = {"kind": type(result).__name__}
    if not isinstance(result, pd.DataFrame):
        return told
    told["columns"] = [str(name) for name in result.columns]
    told["ids"] = [str(one) for one in result.index]
    if result.shape[1]:
        first = result.iloc[:, 0]
        try:
            told["values"] = first.to_numpy(dtype=np.float64, na_value=np.nan).tolist()
        except (TypeError, ValueError):
            told["values"] = None
    return told


def trouble(error: BaseException) -> dict[str, Any]:
    """An exception of the model's code, told by its type, its words and its last place."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if one.filename != __file__ and one.filename[:1] != "<"]
    place = f"{Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    return {
        "error": type(error).__name__,
        "words": str(error)[:_LONGEST_WORDS],
        "module": str(getattr(error, "name", None) or ""),
        "place": place,
    }


def peak_bytes() -> int:
    """The most memory that this process has had at once.

    Of Linux not what `getrusage` says, which counts the process that started this one, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def imported() -> dict[str, str]:
    """Outermost modules that are loaded and do not come with Python; with their versions."""
    found = {}
    for name, module in list(sys.modules.items()):
        is_own = "." in name or name.startswith("_") or name in sys.stdlib_module_names
        if not is_own and (getattr(module, "__file__", None) or hasattr(module, "__path__")):
            found[name] = str(getattr(module, "__version__", ""))
    return found


class ModelTrial:
    """One model, called again and again; `say` tells the caller what happens."""

    def __init__(self, folder: Path, request: dict[str, Any], protocol: TextIO) -> None:
        self.folder, self.request, self.protocol = folder, request, protocol
        self.frames = Frames(folder)
        self.watch = RequestWatch(request["readable"], str(folder))

    def say(self, **told: Any) -> None:
        """Tell the caller something."""
        self.protocol.write(json.dumps(told) + "\n")
        self.protocol.flush()

    def run(self) -> None:
        """Open the model, call it as often as was asked."""
        import pandas as pd

        sys.addaudithook(self.watch.hear)
        self.say(begin="load")
        self.watch.listening = True
        try:
            model = pd.read_pickle(self.folder / "model.pkl")  # noqa: S301 - what the sandbox is for
            wanted = len(inspect.signature(model).parameters)
        except BaseException as error:
            return self.say(end="load", **trouble(error), **self.seen())
        self.say(end="load", parameters=wanted, **self.seen())
        if wanted in (1, 2):
            for call in self.request["calls"]:
                self.call(model, call, with_benchmarks=wanted == 2)
        return self.say(end="all", imported=imported(), **self.seen())

    def call(self, model: Any, call: dict[str, Any], *, with_benchmarks: bool) -> None:
        """One call, with tables of its own."""
        if call.get("no_benchmarks") and not with_benchmarks:
            return None
        given = [self.frames.live(call)]
        if with_benchmarks:
            given.append(self.frames.benchmarks(call))
        self.say(begin=call["name"])
        try:
            told = answer_of(model(*given))
        except BaseException as error:
            return self.say(end=call["name"], **trouble(error), **self.seen())
        name = f"answer-{call['name']}.json"
        (self.folder / name).write_text(json.dumps(told), encoding="utf-8")
        return self.say(end=call["name"], answer=name, **self.seen())

    def seen(self) -> dict[str, Any]:
        """What the model has asked of the machine so far."""
        return {
            "peak_bytes": peak_bytes(),
            "files": self.watch.files[:20],
            "addresses": self.watch.addresses[:20],
        }


def end_with_parent() -> None:
    """Die where the caller is killed, who then can end nobody; keep files below a limit."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))


def confinement() -> Any:
    """The module beside this one, which is no part of any package here."""
    path = Path(__file__).with_name("confinement.py")
    spec = importlib.util.spec_from_file_location("confinement", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(folder: Path) -> None:
    """Wait until the caller has set the limits, then take one core and begin."""
    end_with_parent()
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.readline()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    confined = confinement().confine([*request["readable"], "/dev"], [str(folder), *_DEVICES])
    trial = ModelTrial(folder, request, protocol)
    trial.say(begin="start", confined=confined)
    import numpy as np  # noqa: F401 - loaded before the model's time is taken
    import pandas as pd  # noqa: F401

    trial.run()
    sys.stdout.flush()  # the caller ends this process as soon as the protocol is closed


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    os._exit(0)  # threads that the model has left do not matter
