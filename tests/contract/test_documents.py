"""The documents that clients send, against the schema that the practice tournament answers by.

Ours are valid as they are; numerapi's once its other spelling is understood.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numerapi.base_api
import numerapi.numerapi
import pytest
from graphql import DocumentNode, parse, validate

import numeri_cli
from numeri_cli.api import queries
from numeri_cli.practice.server.graphql import tournament_schema
from numeri_cli.practice.server.spelling import understood

ROOMS = Path(numeri_cli.__file__).parent
IS_DOCUMENT = re.compile(r"\s*(query|mutation)\b[^{]*\{|\s*\{\s*\w+[^:]*\{")
OURS = {name: text for name, text in vars(queries).items() if name.isupper() and name[0] != "_"}


def faults(document: DocumentNode) -> list[str]:
    """What the schema says against a document, in the strict words of the specification."""
    return [fault.message for fault in validate(tournament_schema(), document)]


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of ours but those of the server."""
    for path in ROOMS.rglob("*.py"):
        if "practice" not in path.relative_to(ROOMS).parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def documents_in(tree: ast.AST) -> list[str]:
    """The texts in a module that read as a document; what is put in stands there by its name."""
    nodes = list(ast.walk(tree))
    assembled = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in assembled for part in node.values}
    texts = ["".join(map(_text, node.values)) for node in assembled]
    texts += [_text(node) for node in nodes if id(node) not in parts]
    return [text for text in texts if IS_DOCUMENT.match(text)]


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.FormattedValue):
        return ast.unparse(node.value)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_document_that_we_send_is_among_the_validated() -> None:
    sent: set[str] = set()
    for path, tree in sources():
        assert path.name == "queries.py" or documents_in(tree) == [], path
        sent |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "queries"
        }
    assert sent == OURS.keys()
    assert len(sent) > 15
    planted = ast.parse('def f(client):\n    return client.ask("query { account { id } }")')
    assert documents_in(planted) == ["query { account { id } }"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_document_of_ours_is_valid_in_the_strict_sense(name: str) -> None:
    assert faults(parse(OURS[name])) == []


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("selected filename", "selected filenames", "Cannot query field 'filenames'"),
        ("submissions(modelId:", "submissions(model:", "Unknown argument 'model'"),
        ("$modelId: ID", "$modelId: String", "expecting type 'ID'"),
        ("$modelId: ID)", "$modelId: ID, $more: ID)", "'$more' is never used"),
        ("round { number }", "round", "must have a selection of subfields"),
    ],
)
def test_a_document_with_a_mistake_is_told_from_a_valid_one(
    written: str, instead: str, complaint: str
) -> None:
    mistaken = queries.SUBMISSIONS.replace(written, instead)
    assert mistaken != queries.SUBMISSIONS
    assert any(complaint in fault for fault in faults(parse(mistaken)))


def of_numerapi(*modules: ModuleType) -> list[str]:
    """Every document in some modules of numerapi; one asks by turns for two kinds of leave."""
    trees = [ast.parse(inspect.getsource(module)) for module in modules]
    written = [text for tree in trees for text in documents_in(tree)]
    plain = [text for text in written if " endpoint(" not in text]
    return plain + [
        text.replace(" endpoint(", f" {kind}UploadAuth(")
        for text in written
        for kind in ("submission", "diagnostics")
        if text not in plain
    ]


def test_numerapis_documents_are_valid_once_their_spelling_is_understood() -> None:
    """But for one: it declares a type of no schema, and leaves an amount to chance."""
    schema = tournament_schema()
    found = of_numerapi(numerapi.base_api, numerapi.numerapi)
    assert len(found) == 43
    wrong = {text: faults(understood(text, schema)) for text in found}
    [(drain, complaints)] = [(text, said) for text, said in wrong.items() if said]
    assert "$drain: bool!" in drain
    assert any("Unknown type 'bool'" in one for one in complaints)
    mended = drain.replace("bool!", "Boolean!").replace("$amount: String", "$amount: String!")
    assert faults(understood(mended, schema)) == []
    assert any(faults(parse(text)) for text in found if text != drain)
