"""The XGBoost library: its import, what it says, what it refuses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from numeri_cli.errors import LibraryMissing, ParameterUnknown
from numeri_cli.progress import Listener

try:
    import xgboost as xgb
except ModuleNotFoundError as error:
    raise LibraryMissing(
        "XGBoost is not installed", hint="the extra brings it: `pip install 'numeri[xgboost]'`"
    ) from error
except Exception as error:  # XGBoostLibraryNotFound, or an OSError of the dynamic linker
    raise LibraryMissing(
        f"XGBoost cannot be loaded: {' '.join(str(error).split())[:200]}",
        hint="install OpenMP: `apt install libgomp1` on Debian, `brew install libomp` on macOS",
    ) from error

__all__ = ["refusal_of", "refusals", "warnings_to", "xgb"]


@contextmanager
def warnings_to(listener: Listener) -> Iterator[list[str]]:
    """Route the library's warnings to the listener as the block ends, each once; what they say."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield said
        finally:
            said += dict.fromkeys(_words(str(one.message)) for one in caught)
            for text in said:
                listener.say(f"XGBoost: {text}")


@contextmanager
def refusals() -> Iterator[None]:
    """Turn XGBoost's refusal of a parameter's value into ours."""
    try:
        yield
    except (xgb.core.XGBoostError, ValueError, TypeError) as error:
        raise ParameterUnknown(
            f"XGBoost refuses: {refusal_of(error)}", hint="mend `params` of the model's estimator"
        ) from error


def refusal_of(error: BaseException) -> str:
    """The library's words in one line, without time, place in the source and stack."""
    return _words(str(error))[:300].rstrip(" .")


def _words(text: str) -> str:
    """Without `[07:15:02] WARNING: /workspace/src/learner.cc:738:` and what follows the words."""
    first = text.partition("Stack trace")[0].strip()
    head, found, words = first.rpartition(".cc:")
    if found:
        first = words.partition(": ")[2] or words
    elif head:
        first = words
    return " ".join(first.split())
