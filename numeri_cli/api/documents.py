"""A GraphQL document of ours as a tree: what it asks for, with a field less, once for many ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

_ARGUMENT = re.compile(r"(\w+)\s*:\s*([^\s,()]+)")
_VARIABLE = re.compile(r"\$(\w+)\s*:\s*([^\s,()]+)")
_PARTS = re.compile(r"\([^()]*\)|[{}:]|\w+")


@dataclass(frozen=True, slots=True)
class Selection:
    """One field: `alias: name(arguments) { inside }`."""

    name: str
    alias: str = ""
    arguments: str = ""
    inside: tuple[Selection, ...] = ()

    def text(self) -> str:
        """As GraphQL has it."""
        alias = f"{self.alias}: " if self.alias else ""
        inside = f" {{ {_text(self.inside)} }}" if self.inside else ""
        return f"{alias}{self.name}{self.arguments}{inside}"


@dataclass(frozen=True, slots=True)
class Document:
    """One operation; head: all before its first brace, such as `query ($id: ID)`."""

    head: str
    selections: tuple[Selection, ...]

    def text(self) -> str:
        """As GraphQL has it."""
        return f"{self.head} {{ {_text(self.selections)} }}"

    @property
    def root_names(self) -> tuple[str, ...]:
        """The fields asked of the root, one for each alias: what the server's limits count."""
        return tuple(one.name for one in self.selections)

    @property
    def root_keys(self) -> tuple[str, ...]:
        """Under which names the answer holds them."""
        return tuple(one.alias or one.name for one in self.selections)

    def without(self, is_unwanted: Callable[[str, str], bool]) -> Document:
        """The same without some fields, and without what would ask for nothing then.

        A change that would go with its last field stays as it is: it is asked for to be made.
        is_unwanted: told the name of a field and that of the field around it
        """
        kept = _kept(self.selections, "", is_unwanted)
        is_change = self.head.startswith("mutation")
        return (
            self
            if is_change and len(kept) < len(self.selections)
            else replace(self, selections=kept)
        )

    def without_arguments(self, is_unwanted: Callable[[str, str], bool]) -> Document:
        """The same without some arguments, and without the variables that nothing uses then.

        is_unwanted: told the name of a field and that of its argument
        """
        selections = _fewer_arguments(self.selections, is_unwanted)
        used = set(re.findall(r"\$(\w+)", _text(selections)))
        kept = [f"${name}: {kind}" for name, kind in _VARIABLE.findall(self.head) if name in used]
        operation = self.head.partition("(")[0].strip()
        head = f"{operation} ({', '.join(kept)})" if kept else operation
        return Document(head, selections)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of what it takes."""
        return tuple(name for name, _ in _VARIABLE.findall(self.head))

    def arguments(self) -> Iterator[tuple[str, str, str]]:
        """Every argument: its field's name, its own, and the variable or value it is given."""
        for one in self.selections:
            yield from _arguments(one)

    def fields(self) -> Iterator[tuple[str, str]]:
        """Every field below the root: its name, and that of the field around it."""
        for one in self.selections:
            yield from _fields(one)


@lru_cache(maxsize=256)
def read_document(text: str) -> Document:
    """One of our own documents: one operation, arguments without parentheses in them."""
    head, _, rest = text.partition("{")
    selections = _read(_PARTS.findall(rest))
    return Document(head.strip(), selections)


def for_many(text: str, *, argument: str, kind: str, count: int) -> str:
    """A document with one question, asked so often at once under the aliases s0, s1 …

    argument: of the question; its values are the variables v0, v1 …; kind: their type
    """
    [question] = read_document(text).selections
    many = tuple(
        replace(question, alias=f"s{number}", arguments=f"({argument}: $v{number})")
        for number in range(count)
    )
    variables = ", ".join(f"$v{number}: {kind}" for number in range(count))
    return Document(f"query ({variables})", many).text()


def _text(selections: Sequence[Selection]) -> str:
    return " ".join(one.text() for one in selections)


def _read(parts: list[str]) -> tuple[Selection, ...]:
    """The selections up to the closing brace; takes them off the front of `parts`."""
    found: list[Selection] = []
    while parts and (part := parts.pop(0)) != "}":
        if part == ":":
            found[-1] = Selection(parts.pop(0), alias=found[-1].name)
        elif part.startswith("("):
            found[-1] = replace(found[-1], arguments=part)
        elif part == "{":
            found[-1] = replace(found[-1], inside=_read(parts))
        else:
            found.append(Selection(part))
    return tuple(found)


def _kept(
    selections: tuple[Selection, ...], around: str, is_unwanted: Callable[[str, str], bool]
) -> tuple[Selection, ...]:
    kept = []
    for one in selections:
        if around and is_unwanted(one.name, around):
            continue
        inside = _kept(one.inside, one.name, is_unwanted)
        if inside or not one.inside:
            kept.append(replace(one, inside=inside))
    return tuple(kept)


def _fields(around: Selection) -> Iterator[tuple[str, str]]:
    for one in around.inside:
        yield one.name, around.name
        yield from _fields(one)


def _fewer_arguments(
    selections: tuple[Selection, ...], is_unwanted: Callable[[str, str], bool]
) -> tuple[Selection, ...]:
    fewer = []
    for one in selections:
        kept = [
            f"{name}: {value}"
            for name, value in _ARGUMENT.findall(one.arguments)
            if not is_unwanted(one.name, name)
        ]
        arguments = f"({', '.join(kept)})" if kept else ""
        inside = _fewer_arguments(one.inside, is_unwanted)
        fewer.append(replace(one, arguments=arguments, inside=inside))
    return tuple(fewer)


def _arguments(around: Selection) -> Iterator[tuple[str, str, str]]:
    for name, value in _ARGUMENT.findall(around.arguments):
        yield around.name, name, value
    for one in around.inside:
        yield from _arguments(one)
