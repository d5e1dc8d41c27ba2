"""Which versions are at work: for `--version`, and for whoever is asked about a crash."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from numeri_cli.version import __version__

PACKAGES = (
    "typer",
    "rich",
    "httpx",
    "pydantic",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "lightgbm",
    "joblib",
    "werkzeug",
    "graphql-core",
)
EXTRAS = (
    "scikit-learn",
    "xgboost",
    "xgboost-cpu",
    "catboost",
    "cloudpickle",
    "dask",
    "distributed",
    "optuna",
    "mcp",
)


def versions_text() -> str:
    """Numeri and Python, then every package that is installed of those that matter, a line each."""
    lines = [
        f"numeri {__version__}",
        f"Python {platform.python_version()} on {platform.platform()}",
    ]
    return "\n".join([*lines, *installed()]) + "\n"


def installed() -> Iterator[str]:
    """Name and version of each package; what is missing of the core is said, too."""
    for name in (*PACKAGES, *EXTRAS):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            if name in PACKAGES:
                yield f"{name} is not installed"
