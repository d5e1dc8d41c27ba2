"""A hosted model's pickle, made by the interpreter that will run it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numeri_cli.children import child_environment
from numeri_cli.errors import EstimatorInvalid, LibraryMissing
from numeri_cli.files import atomic_file, disk_errors, safe_name
from numeri_cli.hosted import builder
from numeri_cli.hosted.plan import HostedPart
from numeri_cli.progress import Listener

BUILD_SECONDS = 600
_OURS = Path(__file__).parents[1]
_PICKLED = (  # `uploaded` and what it imports of ours
    "errors.py",
    "inert_text.py",
    "dataset/value_range.py",
    "scoring/least_squares.py",
    "scoring/neutral.py",
    "scoring/ranks.py",
    "hosted/uploaded.py",
)


@dataclass(frozen=True, kw_only=True)
class BuiltPickle:
    """A pickle on disk; by_value: modules beside the profile that are in it."""

    path: Path
    size_bytes: int
    by_value: tuple[str, ...]


def build_pickle(
    part: HostedPart,
    output: Path,
    *,
    python: Path,
    module_folder: Path | None,
    listener: Listener,
) -> BuiltPickle:
    """Pickle a model with an interpreter; whole or not at all.

    python: has cloudpickle, numpy, scipy and what the model's class imports
    module_folder: where modules beside the profile are
    Raises LibraryMissing, EstimatorInvalid, DiskError.
    """
    with (
        listener.task(f"pickling {part.name}", total=1, unit="pickles") as task,
        disk_errors(output),
        tempfile.TemporaryDirectory(prefix="numeri-build-") as place,
    ):
        folder = Path(place)
        _lay_out(part, folder, module_folder)
        told = _run(python, folder)
        _require_built(told, part, python)
        content = (folder / "model.pkl").read_bytes()
        with atomic_file(output, mode=0o600) as file:
            file.write(content)
        task.advance(1)
    return BuiltPickle(
        path=output,
        size_bytes=len(content),
        by_value=tuple(told["by_value"]),
    )


def _lay_out(part: HostedPart, folder: Path, module_folder: Path | None) -> None:
    """Write what the builder reads."""
    model = part.request()
    request = {
        "model": model,
        "takes_benchmarks": part.takes_benchmarks,
        "module_folder": str(module_folder) if module_folder else "",
    }
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    for name, content in part.files():
        (folder / safe_name(name)).write_bytes(content)
    root = folder / "sources" / _OURS.name
    for source in (*_PICKLED, *(_source_of(name) for name in sorted(_engines(model)))):
        copy = root / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((_OURS / source).read_bytes())
    for package in (root, *(path for path in root.rglob("*") if path.is_dir())):
        (package / "__init__.py").touch()  # what the real ones import is not here


def _engines(model: dict[str, Any]) -> set[str]:
    inside: set[str] = set().union(*(_engines(one) for one in model.get("parts", ())))
    return inside | ({model["engine"]} if "engine" in model else set())


def _source_of(module: str) -> str:
    return "/".join(module.split(".")[1:]) + ".py"


def _run(python: Path, folder: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter of the environment, and our script
            [python, "-I", "-B", builder.__file__, str(folder)],
            cwd=folder,
            env=child_environment(os.environ, OMP_NUM_THREADS="1"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": "TimeoutExpired", "words": f"not done after {BUILD_SECONDS} s"}
    answer = folder / "built.json"
    if answer.is_file():
        told: dict[str, Any] = json.loads(answer.read_bytes())
        return told
    words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return {"error": f"exit {done.returncode}", "words": "".join(words)}


def _require_built(told: dict[str, Any], part: HostedPart, python: Path) -> None:
    """Raise the error that says why there is no pickle."""
    if "error" not in told:
        return
    module = str(told.get("module") or "").split(".", maxsplit=1)[0]
    if told["error"] == "ModuleNotFoundError" and module == "cloudpickle":
        raise LibraryMissing(
            f"{python} has no cloudpickle, which makes the pickle",
            hint="the extra brings it: `pip install 'numeri[upload]'`",
        )
    if told["error"] == "ModuleNotFoundError":
        raise EstimatorInvalid(
            f"{part.name} needs the module {module!r}, which Numerai's machines do not have",
            hint="put the module beside the profile, or let the model do without it",
        )
    at = f" ({told['place']})" if told.get("place") else ""
    raise EstimatorInvalid(
        f"{part.name} cannot be pickled: {told['error']}: {told.get('words', '')}{at}",
        hint="mend the class: what pickle cannot write, its __getstate__ leaves out",
    )
