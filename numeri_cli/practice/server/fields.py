"""Fields of what the resolvers give, and rows of scalars at once: most of what practice answers.

A model's history has thousands of rows of ten scalars each, for each of which graphql-core makes
a path, an object of information and five calls. Here a row is completed in one step where every
field that is selected is a scalar without arguments. Whatever is odd about a row, a value that its
type refuses or that may not be absent, a function, is left to graphql-core.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from graphql import (
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

BUILTIN_NAMES = ("id", "round", "type")
DAY = "Date"
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")

try:
    from graphql import Executor
except ImportError:  # before graphql-core 3.3, which has no such door
    ROW_EXECUTOR: dict[str, Any] = {}
else:

    class RowExecutor(Executor[Any]):
        """graphql-core's executor, but for rows of scalars."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._rows: dict[int, tuple[object, Row | None]] = {}  # kept with what has the number

        def execute_fields(
            self,
            parent_type: GraphQLObjectType,
            source_value: Any,
            path: Any,
            grouped_field_set: Any,
            position_context: Any,
        ) -> Any:
            """The selected fields of an object by their names in the answer."""
            known = self._rows.get(id(grouped_field_set))
            if known is None:
                row = Row.of(parent_type, grouped_field_set)
                known = self._rows[id(grouped_field_set)] = (grouped_field_set, row)
            if known[1] is not None:
                try:
                    return known[1].completed(source_value)
                except Exception:  # noqa: S110 - graphql-core says what is wrong, and where
                    pass
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )

    ROW_EXECUTOR = {"executor_class": RowExecutor}


class Row:
    """The scalars that are selected of an object."""

    def __init__(self, columns: list[tuple[str, str, bool, GraphQLLeafType]]) -> None:
        self._columns = [
            (shown, name, needed, kind.name == DAY, kind.coerce_output_value)
            for shown, name, needed, kind in columns
        ]

    @classmethod
    def of(cls, parent: GraphQLObjectType, grouped_field_set: Any) -> Row | None:
        """None where anything else is selected."""
        columns = []
        for shown, details in grouped_field_set.items():
            node = details[0].node
            field = parent.fields.get(node.name.value)
            if field is None or field.resolve or field.args or node.arguments:
                return None
            kind = get_nullable_type(field.type)
            if not is_leaf_type(kind):
                return None
            needed = isinstance(field.type, GraphQLNonNull)
            columns.append((shown, node.name.value, needed, kind))
        return cls(columns)

    def completed(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """The row as it is answered. Raises ValueError, or what a scalar's type raises."""
        found: dict[str, Any] = {}
        for shown, name, needed, is_day, coerced in self._columns:
            value = source.get(name)
            if value is None:
                if needed:
                    raise ValueError(name)
                found[shown] = None
                continue
            if callable(value):
                raise ValueError(name)
            found[shown] = coerced(_wire_text(value, is_day=is_day))
        return found


def resolve_field(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """A field of a mapping; functions in it are called when their field is selected."""
    value = source.get(info.field_name)
    if callable(value):
        named = snake_cased(arguments)
        value = value(**named) if inspect.signature(value).parameters else value()
    return wire_value(value, info)


def wire_value(value: Any, info: GraphQLResolveInfo[Any]) -> Any:
    """Moments and money as the API writes them."""
    return _wire_text(value, is_day=get_named_type(info.return_type).name == DAY)


def _wire_text(value: Any, *, is_day: bool) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if is_day else "%Y-%m-%dT%H:%M:%SZ")
    return format(value, "f") if isinstance(value, Decimal) else value


def snake_cased(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments under the names of Python: modelId → model_id, and id → id_."""
    snake = {_CAPITAL.sub("_", name).lower(): value for name, value in arguments.items()}
    return {f"{name}_" if name in BUILTIN_NAMES else name: snake[name] for name in snake}
