"""The files that somebody's class comes from, so that another machine can import it, too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from numeri_cli.errors import EstimatorInvalid
from numeri_cli.files import disk_errors
from numeri_cli.learning.estimators.base import holds_pickle
from numeri_cli.learning.estimators.user_class import estimator_class
from numeri_cli.learning.estimators.user_code import is_installed
from numeri_cli.model_spec import EstimatorSpec

MOST_BYTES = 5_000_000


def module_files(spec: EstimatorSpec, *, folder: Path | None) -> dict[str, str]:
    """Relative path → source of the modules beside a class; empty where it is installed.

    They are those of the profile's folder, and of the package in it that the class belongs to.
    folder: of the profile, where modules are looked for
    Raises EstimatorInvalid where they are too large to be sent.
    """
    if not holds_pickle(spec) or folder is None:
        return {}
    kind = estimator_class(spec.name, module_folder=folder)
    found = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if found is None or is_installed(Path(found)):
        return {}
    files: dict[str, str] = {}
    for path in _beside(kind.__module__, folder):
        with disk_errors(path):
            files[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    if sum(map(len, files.values())) > MOST_BYTES:
        raise EstimatorInvalid(
            f"the modules beside {spec.name} are larger than {MOST_BYTES:,} bytes",
            hint="keep the profile in a folder with the class alone, or install the class as a"
            " package on every machine",
        )
    return files


def _beside(module: str, folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.py"))
    package = folder / module.partition(".")[0]
    if package.is_dir():
        yield from sorted(package.rglob("*.py"))
