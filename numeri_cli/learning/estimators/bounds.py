"""How large the numbers in `params` may be.

A library takes what it is given: a hundred thousand threads end the process, a number of more than
32 bits becomes another one without a word, an infinite rate trains a model of NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from numeri_cli.errors import ParameterUnknown

MOST_THREADS = 1024
MOST_WHOLE = 2**31 - 1
THREADS = frozenset(
    {"n_jobs", "num_threads", "num_thread", "nthread", "nthreads", "n_threads", "thread_count"}
)


def require_bounded(
    params: Mapping[str, object], *, most: Mapping[str, int], names: Mapping[str, str]
) -> None:
    """Raise ParameterUnknown for a number that no training can mean.

    most: the largest value by a parameter's own name
    names: the own name of every alias
    """
    for given, value in params.items():
        bound = most.get(names.get(given, given), MOST_WHOLE)
        for number in _numbers(value):
            if not math.isfinite(number):
                raise ParameterUnknown(
                    f"{given} = {value!r} is no finite number", hint="mend it in params"
                )
            if number > bound or number < -MOST_WHOLE:
                raise ParameterUnknown(
                    f"{given} = {str(value)[:40]} is beyond what can be meant: at most {bound:,}",
                    hint="mend it in params",
                )


def named_once(
    given: Mapping[str, Any], aliases: Mapping[str, str], *, library: str
) -> dict[str, Any]:
    """The parameters under one spelling each. Raises ParameterUnknown where one is there twice.

    aliases: the own name of each other spelling
    """
    found: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for name, value in given.items():
        kept = aliases.get(name, name)
        if kept in spelled:
            raise ParameterUnknown(
                f"{spelled[kept]} and {name} are one parameter of {library}", hint="leave one out"
            )
        found[kept], spelled[kept] = value, name
    return found


def require_few_threads(params: Mapping[str, object]) -> None:
    """Raise ParameterUnknown for more threads than any machine has, under any usual name."""
    few = dict.fromkeys(THREADS, MOST_THREADS)
    require_bounded({k: v for k, v in params.items() if k in THREADS}, most=few, names={})


def _numbers(value: object) -> Iterator[float]:
    """The numbers in a value: itself, words that read as one, those of a list."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from _numbers(part)
    elif isinstance(value, str):
        try:
            yield float(value)
        except ValueError:
            return
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield _as_float(value)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits is finite all the same
        return math.copysign(1e308, value)
