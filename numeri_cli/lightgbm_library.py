"""LightGBM without what it brings for scikit-learn, which comes when it is asked for.

Where scikit-learn is installed LightGBM imports it, and scipy's statistics with it, for classes
that no command of ours needs: more than half of what the import takes. Here it is told that there
is none. Whoever then asks for such a class, `from lightgbm import LGBMRegressor` in a model of the
user's own or a pickle that names it, gets the whole one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from numeri_cli.errors import LibraryMissing

__all__ = ["lgb"]

_PARTS = ("compat", "engine", "sklearn", "plotting", "dask")  # of LightGBM; each asks for the first
_NEEDED = frozenset({"train"})


@contextmanager
def _without_scikit_learn() -> Iterator[None]:
    """The import inside meets no scikit-learn, unless that was imported before."""
    if "sklearn" in sys.modules or "lightgbm" in sys.modules:
        yield
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]  # as the import system has it
    try:
        yield
    finally:
        del sys.modules["sklearn"]
    _load_when_asked(sys.modules["lightgbm"])


def _load_when_asked(library: ModuleType) -> None:
    """Forget the parts that were loaded without scikit-learn; asked for, they are loaded anew."""
    modules = {part: f"{library.__name__}.{part}" for part in _PARTS}
    places = {name: str(getattr(library, name).__module__) for name in library.__all__}
    names = {
        name: place
        for name, place in places.items()
        if place in modules.values() and name not in _NEEDED
    }
    for part, module in modules.items():
        sys.modules.pop(module, None)
        vars(library).pop(part, None)
    for name in names:
        delattr(library, name)

    def whole(name: str) -> Any:
        if name in modules:
            return import_module(modules[name])
        if name not in names:
            raise AttributeError(f"module {library.__name__!r} has no attribute {name!r}")
        found = getattr(import_module(names[name]), name)
        setattr(library, name, found)
        return found

    library.__getattr__ = whole  # type: ignore[method-assign]  # of a module: PEP 562


try:
    with _without_scikit_learn():
        import lightgbm as lgb
except OSError as error:  # the OpenMP runtime is a package of the system, not of Python
    raise LibraryMissing(
        f"LightGBM cannot be loaded: {error}",
        hint="install OpenMP: `apt install libgomp1` on Debian, `brew install libomp` on macOS",
    ) from error
