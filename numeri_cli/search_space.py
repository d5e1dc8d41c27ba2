"""What `numeri tune` may vary: `[models.x.tune]` of the profile, a dimension for each name."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

# Names that mean keys of the model; every other name is a parameter of its estimator
MODEL_KEYS = (
    "features",
    "targets",
    "missing_twos",
    "early_stopping_eras",
    "neutralize.proportion",
    "neutralize.features",
    "era_weights.equal",
    "era_weights.half_life_eras",
)
ALWAYS_FRACTIONS = ("neutralize.proportion", "era_weights.half_life_eras")
PARAMETER = "params."  # before a parameter that is called as a key of the model
_GROUPS = ("neutralize", "era_weights", "params")
_WAYS = frozenset({"log", "range", "step", "choice"})

Number = int | float


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Bounds = Annotated[tuple[Number, Number], BeforeValidator(_pair)]
Choices = Annotated[tuple[Any, ...], BeforeValidator(_pair)]


class Dimension(BaseModel):
    """One thing that is varied, in one of three ways.

    log: from the first to the second, each order of magnitude alike; range: evenly; both include
    their ends, and where both ends are whole numbers only whole numbers are tried
    step: between neighbours of a range
    choice: one of these
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    log: Bounds | None = None
    range: Bounds | None = None
    step: Number | None = None
    choice: Choices | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Dimension:
        given = [name for name in ("log", "range", "choice") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("must say one of log, range and choice")
        if self.step is not None and (self.range is None or not self.step > 0):
            raise ValueError("step is a number above 0, beside a range")
        if self.choice is not None:
            if len(self.choice) < 2 or len({*map(label, self.choice)}) < len(self.choice):
                raise ValueError("choice needs two different values at least")
            return self
        low, high = self.bounds
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError("the first number must be below the second")
        if self.log is not None and low <= 0:
            raise ValueError("log needs numbers above 0")
        return self

    @property
    def bounds(self) -> tuple[Number, Number]:
        """The least and the greatest value of a log or a range. Raises ValueError for a choice."""
        found = self.log or self.range
        if found is None:
            raise ValueError("a choice has no bounds")
        return found

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are tried."""
        numbers = [*self.bounds, *([self.step] if self.step is not None else [])]
        return all(isinstance(one, int) for one in numbers)

    @property
    def words(self) -> str:
        """Such as "0.003 to 0.1, by magnitude"."""
        if self.choice is not None:
            return " | ".join(map(label, self.choice))
        low, high = self.bounds
        step = f" by {self.step:g}" if self.step is not None else ""
        return f"{low:g} to {high:g}{', by magnitude' if self.log else step}"

    def meant(self, value: Any) -> Any:
        """What the profile has for a value of a choice that stands as one word; others as given."""
        if self.choice is None:
            return value
        return {label(one): one for one in self.choice}[value]

    def ends(self) -> tuple[Any, ...]:
        """The values at its ends, or all of a choice: what has to be possible."""
        return self.choice if self.choice is not None else self.bounds


def label(value: object) -> str:
    """A value of a choice as one word: text as it is, lists and numbers as in the profile."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _whole_names(given: object) -> object:
    """Tables of tables as one, `neutralize = { proportion = … }` as `neutralize.proportion`."""
    if not isinstance(given, dict):
        return given
    found: dict[str, object] = {}
    for name, value in given.items():
        if isinstance(value, Dimension):
            found[name] = value
            continue
        is_table = isinstance(value, dict) and bool(value)
        if not is_table or not (_WAYS & value.keys() or name in _GROUPS):
            raise ValueError(
                f"{name} must say one of log, range and choice, such as {{ log = [0.003, 0.1] }}"
            )
        if not _WAYS & value.keys():
            found |= {f"{name}.{key}": one for key, one in value.items()}
        else:
            found[name] = value
    for name in found:
        _require_known(name)
    return found


def _require_known(name: str) -> None:
    if name in MODEL_KEYS or name.startswith(PARAMETER):
        return
    if "." in name or name in _UNSEARCHED:
        raise ValueError(
            f"{name} cannot be searched: of a model's keys only {', '.join(MODEL_KEYS)} can, and"
            " parameters of its estimator"
        )


_UNSEARCHED = frozenset(
    {
        "seeds",
        "data",
        "train_window",
        "era_stride",
        "residual_to",
        "retrain",
        "retrain_hours",
        "artifact",
        "estimator",
        "neutralize",
        "era_weights",
        "blend",
        "tune",
    }
)

Space = Annotated[dict[str, Dimension], BeforeValidator(_whole_names)]


def changes(
    model: Mapping[str, Any], estimator: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """A model's keys with the values of a trial in them, to be validated as a model.

    model: its keys as given, without defaults; estimator: all of its estimator
    values: by the names of the space
    """
    changed, params = dict(model), dict(estimator["params"])
    for name, value in values.items():
        if name == "targets" and isinstance(value, str):
            value = [value]  # noqa: PLW2901 - one target alone
        group, dot, key = name.partition(".")
        if name not in MODEL_KEYS:
            params[name.removeprefix(PARAMETER)] = value
        elif dot:
            changed[group] = _within(changed.get(group), key, value)
        else:
            changed[name] = value
    return {**changed, "estimator": {**estimator, "params": params}}


def _within(table: object, key: str, value: object) -> object:
    """The table with this key; of a list of tables its first, the later steps as they are."""
    return {**(table if isinstance(table, dict) else {}), key: value}
