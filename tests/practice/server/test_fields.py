"""A row that is completed at once is what graphql-core makes of it, its faults included."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from graphql import build_schema, execute_sync, parse

from numeri_cli.practice.server.fields import ROW_EXECUTOR, resolve_field

pytestmark = pytest.mark.skipif(not ROW_EXECUTOR, reason="graphql-core before 3.3")

SCHEMA = build_schema("""
scalar DateTime
scalar Date
scalar Decimal
enum Kind { ONE TWO }
type Query { rows: [Row!], alone: Row! }
type Row {
  number: Int! share: Float name: String is: Boolean kind: Kind at: DateTime day: Date
  amount: Decimal words: [String!] other: Row asked(by: Int): Int
}
""")
MOMENT = datetime(2026, 5, 2, 12, 30, tzinfo=UTC)
SOUND = {
    "number": 3,
    "share": 0.5,
    "name": "lighthouse",
    "is": True,
    "kind": "TWO",
    "at": MOMENT,
    "day": MOMENT,
    "amount": Decimal("1.50"),
}
ODD: dict[str, dict[str, Any]] = {
    "sound": {},
    "absent": dict.fromkeys(set(SOUND) - {"number"}),
    "no number": {"number": None},
    "a number as text": {"number": "three"},
    "no share": {"share": float("nan")},
    "another kind": {"kind": "THREE"},
    "a function": {"name": lambda: "made"},
    "a function that fails": {"name": lambda: 1 / 0},
    "an error": {"name": ValueError("no name")},
    "a list": {"share": [1.0]},
    "a whole share": {"share": 2},
    "text as a number": {"name": 7},
}
ALL = "number share name is kind at day amount"


def answered(query: str, rows: list[dict[str, Any]], **chosen: Any) -> tuple[Any, list[Any]]:
    root = {"rows": rows, "alone": rows[0]}
    found = execute_sync(SCHEMA, parse(query), root, field_resolver=resolve_field, **chosen)
    return found.data, [(one.message, one.path, one.locations) for one in found.errors or ()]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "selected",
    [
        ALL,
        "n: number name again: name",
        "number ... on Row { share at } ...more",
        "number __typename",
        "number words other { number } asked(by: 2)",
        "number @skip(if: true) name @include(if: true)",
    ],
)
def test_a_row_is_what_graphql_core_makes_of_it(odd: str, selected: str) -> None:
    rows: list[dict[str, Any]] = [SOUND, {**SOUND, **ODD[odd]}, SOUND]
    query = f"{{ rows {{ {selected} }} alone {{ {selected} }} }}"
    query += " fragment more on Row { amount day }" if "more" in selected else ""
    assert answered(query, rows, **ROW_EXECUTOR) == answered(query, rows)


def test_a_sound_row_is_as_the_api_writes_it() -> None:
    data, errors = answered(f"{{ rows {{ {ALL} }} }}", [SOUND], **ROW_EXECUTOR)
    assert not errors
    assert data["rows"] == [
        {**SOUND, "at": "2026-05-02T12:30:00Z", "day": "2026-05-02", "amount": "1.50"}
    ]
