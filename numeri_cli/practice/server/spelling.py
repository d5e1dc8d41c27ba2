"""Both spellings of the real API: snake_case names and loosely declared ids are understood.

A document is edited as text before it is executed. `public_id` becomes `public_id: publicId`, so
that the answer stands under the name that was sent, and a variable declared `String` or `Int` is
declared `ID` or `ID!` where it is used as one. Line numbers in error messages stay right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    Node,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    parse,
    visit,
)

MAX_TOKENS = 10_000
LOOSE_FOR_ID = frozenset({"String", "Int"})


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Characters start..end of the document give way to `text`."""

    start: int
    end: int
    text: str


def understood(source: str, schema: GraphQLSchema) -> DocumentNode:
    """The document with every name as the schema has it. Raises GraphQLSyntaxError."""
    document = parse(source, max_tokens=MAX_TOKENS)
    for find in (_name_edits, _variable_edits):  # ids are found under the schema's own names
        edits = sorted(find(document, schema), key=lambda edit: edit.start, reverse=True)
        if edits:
            for edit in edits:
                source = source[: edit.start] + edit.text + source[edit.end :]
            document = parse(source)
    return document


def camel_case(name: str) -> str:
    """`return_1_day` → `return1Day`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _name_edits(document: DocumentNode, schema: GraphQLSchema) -> Iterator[Edit]:
    roots = {"query": schema.query_type, "mutation": schema.mutation_type}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            parent: object = roots.get(definition.operation.value)
        elif isinstance(definition, FragmentDefinitionNode):
            parent = schema.get_type(definition.type_condition.name.value)
        else:
            continue
        yield from _selection_edits(definition.selection_set, parent, schema=schema)


def _selection_edits(
    selections: SelectionSetNode | None, parent: object, *, schema: GraphQLSchema
) -> Iterator[Edit]:
    if selections is None or not isinstance(parent, GraphQLObjectType):
        return
    for node in selections.selections:
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            inner = schema.get_type(condition.name.value) if condition else parent
            yield from _selection_edits(node.selection_set, inner, schema=schema)
        elif isinstance(node, FieldNode):
            yield from _field_edits(node, parent, schema=schema)


def _field_edits(
    node: FieldNode, parent: GraphQLObjectType, *, schema: GraphQLSchema
) -> Iterator[Edit]:
    sent = node.name.value
    name = sent if sent in parent.fields else camel_case(sent)
    field = parent.fields.get(name)
    if field is None:
        return
    if name != sent:
        yield _replacing(node.name, name if node.alias else f"{sent}: {name}")
    for argument in node.arguments or ():
        word = argument.name.value
        if word not in field.args and camel_case(word) in field.args:
            yield _replacing(argument.name, camel_case(word))
    yield from _selection_edits(node.selection_set, get_named_type(field.type), schema=schema)


class _VariableVisitor(Visitor):
    """Finds for every variable of an operation whether it is used as an ID, and as ID!."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.used_as_id: dict[str, bool] = {}

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        expected = self.types.get_input_type()
        if expected is not None and get_named_type(expected).name == "ID":
            required = str(expected).endswith("!")
            name = node.name.value
            self.used_as_id[name] = self.used_as_id.get(name, False) or required


def _variable_edits(document: DocumentNode, schema: GraphQLSchema) -> Iterator[Edit]:
    types = TypeInfo(schema)
    visitor = _VariableVisitor(types)
    visit(document, TypeInfoVisitor(types, visitor))
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for variable in definition.variable_definitions or ():
                name = variable.variable.name.value
                if name in visitor.used_as_id and _declared(variable) in LOOSE_FOR_ID:
                    yield _replacing(
                        _innermost(variable), "ID!" if _needs_mark(variable, visitor) else "ID"
                    )


def _needs_mark(variable: VariableDefinitionNode, visitor: _VariableVisitor) -> bool:
    """Whether `!` must be added: ID! is expected and the declaration does not say so yet."""
    plain = not isinstance(variable.type, NonNullTypeNode | ListTypeNode)
    return plain and visitor.used_as_id[variable.variable.name.value]


def _declared(variable: VariableDefinitionNode) -> str:
    return _innermost(variable).value


def _innermost(variable: VariableDefinitionNode) -> NameNode:
    node: Node = variable.type
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        node = node.type
    if not isinstance(node, NamedTypeNode):
        raise TypeError("a declared type ends in a name")
    return node.name


def _replacing(node: Node, text: str) -> Edit:
    if node.loc is None:
        raise ValueError("the document was parsed without locations")
    return Edit(start=node.loc.start, end=node.loc.end, text=text)
