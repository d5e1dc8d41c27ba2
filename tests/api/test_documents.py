"""Our documents as trees: what they ask for, less a field, and once for many ids."""

from __future__ import annotations

import pytest
from graphql import parse, print_ast, validate

from numeri_cli.api import queries
from numeri_cli.api.documents import for_many, read_document
from numeri_cli.api.field_types import is_decorative, type_of
from tests.support.typed_answers import FieldOf, fields_asked, read, schema

DOCUMENTS = {
    name: text for name, text in vars(queries).items() if name.isupper() and name[0] != "_"
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_was_read_asks_for_the_same(name: str) -> None:
    text = DOCUMENTS[name]
    assert print_ast(parse(read_document(text).text())) == print_ast(parse(text))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_types_of_fields_are_those_of_the_schema(name: str) -> None:
    ours = {
        FieldOf(type_of(around), field) for field, around in read_document(DOCUMENTS[name]).fields()
    }
    asked = fields_asked(read(DOCUMENTS[name]))
    assert ours == {field for field in asked if not field.type.startswith("Root")}


def test_without_every_decorative_field_a_document_still_is_one() -> None:
    for text in DOCUMENTS.values():
        less = read_document(text).without(
            lambda name, around: is_decorative(type_of(around), name)
        )
        assert validate(schema(), parse(less.text())) == []
        gone = fields_asked(read(text)) - fields_asked(read(less.text()))
        for field in gone:
            assert is_decorative(field.type, field.name)


def test_what_would_ask_for_nothing_goes_with_its_last_field() -> None:
    less = read_document(queries.MODELS).without(
        lambda name, around: (around, name) == ("computePickleUpload", "id")
    )
    assert less.text() == "query { account { models { id name tournament } } }"


def test_a_change_is_never_left_out_with_its_last_field() -> None:
    whole = read_document(queries.CREATE_PICKLE)
    assert whole.without(lambda name, _: name == "id") == whole


def test_many_are_asked_for_under_aliases() -> None:
    text = for_many(queries.SUBMISSION, argument="id", kind="ID", count=2)
    assert validate(schema(), parse(text)) == []
    document = read_document(text)
    assert document.root_names == ("submissions", "submissions")
    assert document.root_keys == ("s0", "s1")
    assert "s1: submissions(id: $v1)" in text
