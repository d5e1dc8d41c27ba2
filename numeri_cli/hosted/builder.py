"""Pickles a hosted model; run by the interpreter that the image has, which has no numeri.

`python builder.py FOLDER`: FOLDER/request.json says what to build of which files, FOLDER/sources
holds the few modules of ours that are pickled by value. It leaves FOLDER/model.pkl and
FOLDER/built.json, which says what was done, or what went wrong.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

OURS = "numeri_cli"


def build(folder: Path) -> dict[str, Any]:
    """Write the pickle; what the caller is told of it."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    sys.path.insert(0, str(folder / "sources"))
    beside = request["module_folder"]
    if beside:
        sys.path.append(beside)
    import cloudpickle

    uploaded = importlib.import_module(f"{OURS}.hosted.uploaded")
    model = node(uploaded, request["model"], folder)
    ours = sys.modules[OURS]
    own = modules_beside(Path(beside)) if beside else []
    for module in (ours, *own):
        cloudpickle.register_pickle_by_value(module)
    function = uploaded.make_function(model, takes_benchmarks=request["takes_benchmarks"])
    content = cloudpickle.dumps(function)
    with (folder / "model.pkl").open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return {"by_value": sorted(module.__name__ for module in own)}


def node(uploaded: Any, given: dict[str, Any], folder: Path) -> Any:
    """What the function holds, made of what the request says of it."""
    steps = tuple(
        uploaded.TakenOut(tuple(one["features"]), tuple(one["benchmarks"]), one["proportion"])
        for one in given["steps"]
    )
    if "parts" in given:
        parts = tuple(node(uploaded, one, folder) for one in given["parts"])
        return uploaded.HostedBlend(given["name"], parts, tuple(given["shares"]), None, steps)
    if "function" in given:
        module, _, name = given["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        return uploaded.HostedFunction(
            given["name"], function, given["takes_benchmarks"], None, steps
        )
    engine = importlib.import_module(given["engine"])
    scale = uploaded.ValueRange(**given["scale"]) if given["scale"] else None
    return uploaded.HostedMembers(
        given["name"],
        tuple(given["features"]),
        given["missing_twos"],
        scale,
        tuple(engine.held((folder / name).read_bytes()) for name in given["files"]),
        engine.predictions,
        steps,
    )


def modules_beside(folder: Path) -> list[Any]:
    """Modules that were imported from this folder, but for those that are installed there."""
    places = [Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()]
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file or name == "__main__" or name.split(".")[0] == OURS:
            continue
        path = Path(file).resolve()
        installed = {"site-packages", "dist-packages"} & set(path.parts)
        inside = any(place in path.parents for place in places)
        if folder.resolve() in path.parents and not installed and not inside:
            found.append(module)
    return found


def place_of(error: BaseException) -> str:
    """File and line where somebody's code failed, if it was theirs."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def main(folder: Path) -> None:
    """Build, and note down what came of it."""
    try:
        told = build(folder)
    except BaseException as error:
        told = {
            "error": type(error).__name__,
            "words": str(error)[:2000],
            "module": getattr(error, "name", None) or "",
            "place": place_of(error),
        }
    (folder / "built.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
