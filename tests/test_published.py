"""What `--json` may print, and the form that each value takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from numeri_cli.published import Published


class Timing(StrEnum):
    on_time = "on-time"


class Depth(IntEnum):
    deep = 3


class Colour(Enum):
    green = "the colour green"


@dataclass(frozen=True, slots=True)
class Holder(Published):
    held: Any


@dataclass(frozen=True, slots=True)
class Pair(Published):
    left: Holder
    right: tuple[Holder, ...]
    _hidden: str = "not for programs"


@dataclass(frozen=True, slots=True)
class Unpublished:
    held: int


BERLIN = timezone(timedelta(hours=2))
FORMS: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (3, 3),
    ("text", "text"),
    (0.5, 0.5),
    (float("nan"), None),
    (float("inf"), None),
    (datetime(2026, 7, 4, 14, 0, 5, tzinfo=BERLIN), "2026-07-04T12:00:05Z"),
    (datetime(2026, 7, 4, tzinfo=UTC), "2026-07-04T00:00:00Z"),
    (date(2026, 7, 4), "2026-07-04"),
    (Decimal("1.50"), "1.50"),
    (Path("/a/b"), "/a/b"),
    (Timing.on_time, "on-time"),
    (Depth.deep, 3),
    (Colour.green, "the colour green"),
    ((1, 2.5), [1, 2.5]),
    ([float("nan")], [None]),
    (frozenset({"one"}), ["one"]),
    ({"a": (1,), 2: None}, {"a": [1], "2": None}),
    (MappingProxyType({"a": Path("b")}), {"a": "b"}),
    (np.array([[1.0, np.nan]]), [[1.0, None]]),
    (np.float64("nan"), None),
    (np.int8(3), 3),
    (Holder(Holder(1)), {"held": {"held": 1}}),
]


@pytest.mark.parametrize(("value", "form"), FORMS, ids=lambda value: repr(value)[:40])
def test_every_value_has_one_form_in_json(value: Any, form: Any) -> None:
    plain = Holder(value).plain()
    assert plain == {"held": form}
    assert type(plain["held"]) is type(form)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_keys_are_the_fields_in_their_order_and_hidden_ones_are_left_out() -> None:
    plain = Pair(Holder(1), (Holder(2), Holder(3))).plain()
    assert list(plain) == ["left", "right"]
    assert plain == {"left": {"held": 1}, "right": [{"held": 2}, {"held": 3}]}


@pytest.mark.parametrize(
    "value",
    [
        Unpublished(1),
        [Unpublished(1)],
        {"a": Unpublished(1)},
        Pair(Holder(1), (Holder(Unpublished(1)),)),
        object(),
    ],
    ids=["a field", "in a list", "in a mapping", "in a record in a record", "no record at all"],
)
def test_a_record_that_is_not_published_is_refused_wherever_it_hides(value: Any) -> None:
    with pytest.raises(TypeError, match="is not published"):
        Holder(value).plain()


def test_a_mapping_of_any_kind_is_an_object(tmp_path: Path) -> None:
    held: Mapping[str, Published] = MappingProxyType({"a": Holder(tmp_path)})
    assert Holder(held).plain() == {"held": {"a": {"held": str(tmp_path)}}}
