"""Numerai's images: which Python each has, and what is known of the packages in it.

Which images there are is asked of the API. Which packages an image holds it does not say: their
versions here are those of November 2026, by the image's Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# package → the modules that it brings
PACKAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "numpy": ("numpy",),
    "pandas": ("pandas",),
    "scipy": ("scipy",),
    "cloudpickle": ("cloudpickle",),
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost",),
    "catboost": ("catboost",),
    "scikit-learn": ("sklearn",),
    "numerai-tools": ("numerai_tools",),
}
ALWAYS: Final = ("numpy", "pandas", "scipy", "cloudpickle")
SUPPORT: Final[Mapping[str, tuple[str, ...]]] = {  # what the packages need themselves
    "python-dateutil": ("dateutil",),
    "pytz": ("pytz",),
    "tzdata": ("tzdata",),
    "six": ("six",),
    "joblib": ("joblib",),
    "threadpoolctl": ("threadpoolctl",),
    "narwhals": ("narwhals",),
}
IN_SOME: Final = ("torch", "tabpfn", "numba", "polars", "pyarrow")

# Python → package → version
VERSIONS_IN_IMAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "3.10": {
        "numpy": "1.26.4", "pandas": "2.2.1", "scipy": "1.11.4", "cloudpickle": "2.2.1",
        "lightgbm": "4.0.0", "xgboost": "1.7.5", "catboost": "1.2", "scikit-learn": "1.6.1",
        "numerai-tools": "0.3.3",
    },
    "3.11": {
        "numpy": "2.1.3", "pandas": "2.3.1", "scipy": "1.16.0", "cloudpickle": "3.1.1",
        "lightgbm": "4.6.0", "xgboost": "3.0.2", "catboost": "1.2.8", "scikit-learn": "1.6.1",
        "numerai-tools": "0.4.0",
    },
    "3.12": {
        "numpy": "2.1.3", "pandas": "2.3.1", "scipy": "1.16.0", "cloudpickle": "3.1.1",
        "lightgbm": "4.5.0", "xgboost": "3.0.2", "catboost": "1.2.8", "scikit-learn": "1.6.1",
        "numerai-tools": "0.4.0",
    },
    "3.13": {
        "numpy": "2.2.6", "pandas": "2.3.3", "scipy": "1.17.1", "cloudpickle": "3.1.2",
        "lightgbm": "4.5.0", "xgboost": "3.0.5", "catboost": "1.2.10", "scikit-learn": "1.6.1",
        "numerai-tools": "0.4.3",
    },
}  # fmt: skip


def modules_of(package: str) -> tuple[str, ...]:
    """The modules that a package brings."""
    return PACKAGES.get(package) or SUPPORT[package]


def is_in_images(module: str) -> bool:
    """Whether every image has a module."""
    everything = {**PACKAGES, **SUPPORT}
    return any(module in modules for modules in everything.values())
