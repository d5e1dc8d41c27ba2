"""GraphQL documents and answers read by the schema: which value is which field of which type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    parse,
    print_ast,
    visit,
)

from numeri_cli.practice.server.spelling import understood

HIDDEN_ID = "frontsOwnId"  # an alias that no client sends
IDENTIFIED = ("V2Submission", "LatestSubmission")


@dataclass(frozen=True)
class FieldOf:
    """A field of a type, such as Round.openTime."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type}.{self.name}"


@dataclass(frozen=True)
class Place:
    """Where one value of an answer stands; `key` is its alias, or its name as it was sent."""

    field: FieldOf
    holder: dict[str, Any]
    key: str


@cache
def schema() -> GraphQLSchema:
    """What the practice tournament answers by."""
    text = files("numeri_cli.practice.server").joinpath("schema.graphql")
    return build_schema(text.read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def read(query: str) -> DocumentNode:
    """A document in the schema's own spelling; nobody may change it. Raises GraphQLSyntaxError."""
    return understood(query, schema())


def fields_asked(document: DocumentNode) -> set[FieldOf]:
    """Every field that a document asks for, root fields included."""
    found: set[FieldOf] = set()
    types = TypeInfo(schema())

    class Collector(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = types.get_parent_type()
            if parent is not None and not node.name.value.startswith("__"):
                found.add(FieldOf(parent.name, node.name.value))

    visit(document, TypeInfoVisitor(types, Collector()))
    return found


def root_names(document: DocumentNode) -> tuple[str, ...]:
    """The questions of a document, each as often as it is asked under another alias."""
    found: dict[str, str] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for key, node in _selected(definition.selection_set, document):
                found[key] = node.name.value
    return tuple(found.values())


def with_hidden_ids(document: DocumentNode) -> str:
    """The document as text, asking for the id of every submission besides, under HIDDEN_ID."""
    types = TypeInfo(schema())

    class Adder(Visitor):
        def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode:
            parent = types.get_parent_type()
            if parent is None or parent.name not in IDENTIFIED:
                return node
            own = FieldNode(
                name=NameNode(value="id"),
                alias=NameNode(value=HIDDEN_ID),
                arguments=(),
                directives=(),
            )
            return SelectionSetNode(selections=(*node.selections, own))

    return print_ast(visit(document, TypeInfoVisitor(types, Adder())))


def asking_for_round(document: DocumentNode, number: int) -> DocumentNode:
    """The document with this round in place of the current one."""

    class Replacer(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: object) -> ArgumentNode:
            value, is_number = node.value, node.name.value == "number"
            if not is_number or not isinstance(value, IntValueNode) or value.value != "0":
                return node
            return ArgumentNode(name=node.name, value=IntValueNode(value=str(number)))

    found: DocumentNode = visit(parse(print_ast(document)), Replacer())
    return found


def places(document: DocumentNode, data: Mapping[str, Any]) -> list[Place]:
    """Every value of an answer, the outer ones first."""
    found: list[Place] = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema().get_root_type(definition.operation)
            found += _places(definition.selection_set, root, data, document)
    return found


def _places(
    selections: SelectionSetNode | None, parent: object, value: Any, document: DocumentNode
) -> Iterator[Place]:
    if isinstance(value, list):
        for item in value:
            yield from _places(selections, parent, item, document)
        return
    if selections is None or not isinstance(value, dict):
        return
    if not isinstance(parent, GraphQLObjectType):
        return
    for key, node in _selected(selections, document):
        if key not in value or node.name.value not in parent.fields:
            continue
        inner = value[key]
        yield Place(FieldOf(parent.name, node.name.value), value, key)
        kind = get_named_type(parent.fields[node.name.value].type)
        yield from _places(node.selection_set, kind, inner, document)


def _selected(
    selections: SelectionSetNode, document: DocumentNode
) -> Iterator[tuple[str, FieldNode]]:
    """The fields of a selection under their keys, those in fragments included."""
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield (node.alias or node.name).value, node
        elif isinstance(node, InlineFragmentNode):
            yield from _selected(node.selection_set, document)
        else:
            name = node.name.value  # type: ignore[attr-defined]  # a spread: the third kind
            yield from _selected(fragments[name].selection_set, document)
