"""The CatBoost library: its import, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from numeri_cli.errors import LibraryMissing, ParameterUnknown

try:
    import catboost
except ModuleNotFoundError as error:
    raise LibraryMissing(
        "CatBoost is not installed", hint="the extra brings it: `pip install 'numeri[catboost]'`"
    ) from error
except ImportError as error:  # its native part, or the numpy that it was built for
    raise LibraryMissing(
        f"CatBoost cannot be loaded: {' '.join(str(error).split())[:200]}",
        hint="install it again: `pip install --force-reinstall catboost`",
    ) from error

__all__ = ["catboost", "refusal_of", "refusals"]

_PLACE = re.compile(r"^\S*\.(?:cpp|h):\d+: ")


@contextmanager
def refusals() -> Iterator[None]:
    """Turn CatBoost's refusal of a parameter's value into ours."""
    try:
        yield
    except (catboost.CatBoostError, ValueError, TypeError) as error:
        raise ParameterUnknown(
            f"CatBoost refuses: {refusal_of(error)}", hint="mend `params` of the model's estimator"
        ) from error


def refusal_of(error: BaseException) -> str:
    """The library's words in one line, without their place in the source."""
    return " ".join(_PLACE.sub("", str(error)).split())[:300].rstrip(" .")
