"""What happens to bytes, texts and JSON on their way: drawn by a random generator, repeatable."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

from tests.support.json_places import places

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**70, 1e308, float("nan"), float("inf"),
    "", "x", "\x00", "\ud800", "é\u202e", "[/bold]", "\x1b[2J", "../../etc/passwd", "a" * 5_000,
    "nan", "-1", "1e999", "2026-99-99", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z",
    [], {}, [None], [[]], {"": None}, [1, "x", {}], ["x"] * 300,
)  # fmt: skip
DEPTH = 30_000
WORDS = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\w+")
ODD_WORDS = ("0", "-1", "1", "7", "255", "65536", "2147483647", "-2147483648", "4294967296")
ODD_TEXTS = ("nan", "inf", "-inf", "1e400", "1e-400", "", " ", "\n", "=", "x", "٣", "0x10", "1 2")


def mangled_bytes(content: bytes, chance: random.Random) -> bytes:
    """After one to three accidents: cut, flipped, overwritten, doubled, moved, with more in it."""
    mangled = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        _BYTE_ACCIDENTS[chance.randrange(len(_BYTE_ACCIDENTS))](mangled, chance)
    return bytes(mangled)


def _place(content: bytearray, chance: random.Random) -> int:
    """Anywhere, or near an end, where headers and footers are."""
    size = len(content)
    near = min(size, 400)
    return max(
        0,
        chance.choice([chance.randrange(size + 1), chance.randrange(near + 1), size - near])
        if size
        else 0,
    )


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[_place(content, chance) :]


def _flipped(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 1, 1, 4, 40])):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _overwritten(content: bytearray, chance: random.Random) -> None:
    at, length = _place(content, chance), chance.choice([1, 2, 4, 8, 64, 512])
    end = min(len(content), at + length)
    fill = chance.choice([b"\x00", b"\xff", b"\x7f", b"\x80", b"0", chance.randbytes(1)])
    content[at:end] = fill * (end - at)


def _inserted(content: bytearray, chance: random.Random) -> None:
    at = _place(content, chance)
    content[at:at] = chance.randbytes(chance.choice([1, 2, 3, 16, 300]))


def _doubled(content: bytearray, chance: random.Random) -> None:
    at = _place(content, chance)
    content[at:at] = content[at : at + chance.choice([1, 8, 100, 5_000])]


def _moved(content: bytearray, chance: random.Random) -> None:
    at, length = _place(content, chance), chance.choice([4, 64, 1_000])
    piece = content[at : at + length]
    del content[at : at + length]
    to = _place(content, chance)
    content[to:to] = piece


def _removed(content: bytearray, chance: random.Random) -> None:
    at = _place(content, chance)
    del content[at : at + chance.choice([1, 4, 100])]


_BYTE_ACCIDENTS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _cut, _flipped, _flipped, _overwritten, _overwritten, _inserted, _doubled, _moved, _removed,
)  # fmt: skip


def mangled_tree(sound: Any, chance: random.Random) -> Any:
    """A JSON value after one to three accidents to its parts, or another value altogether."""
    tree = copy.deepcopy(sound)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        place = chance.choice(places(tree))
        if not place:
            if chance.random() < 0.1:
                return chance.choice(ODD_VALUES)
            continue
        *above, last = place
        holder = tree
        for step in above:
            holder = holder[step]
        accident = chance.choice(["replaced", "replaced", "removed", "renamed", "twice", "text"])
        if accident == "removed":
            del holder[last]
        elif accident == "renamed" and isinstance(holder, dict):
            holder[str(last) + chance.choice(["", "_", "\x00", "é"])] = holder.pop(last)
        elif accident == "twice" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        elif accident == "text" and not isinstance(holder[last], dict | list):
            holder[last] = str(holder[last])
        else:
            holder[last] = copy.deepcopy(chance.choice(ODD_VALUES))
    return tree


def mangled_json(content: bytes, chance: random.Random) -> bytes:
    """A JSON text whose value, letters or depth an accident changed."""
    kind = chance.random()
    if kind < 0.7:
        return json.dumps(mangled_tree(json.loads(content), chance)).encode()
    if kind < 0.95:
        return mangled_bytes(content, chance)
    deep = chance.choice([b"[", b'{"a":'])
    at = chance.choice([0, content.find(b":") + 1])
    return content[:at] + deep * DEPTH + chance.choice([b"", content[at:]])


def mangled_text(text: str, chance: random.Random) -> str:
    """A text of lines with another word, number, line or letter here and there."""
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        kind = chance.randrange(6)
        lines = text.split("\n")
        at = chance.randrange(len(lines))
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, chance.choice(lines))
        elif kind == 2:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3 and lines[at]:
            letter = chance.randrange(len(lines[at]))
            new = chance.choice("0123456789-. =e:[]\t\r\x00")
            lines[at] = lines[at][:letter] + new + lines[at][letter + 1 :]
        else:
            lines[at] = _other_word(lines[at], chance)
        text = "\n".join(lines)
    return text if chance.random() < 0.95 else text[: chance.randrange(len(text) + 1)]


def _other_word(line: str, chance: random.Random) -> str:
    words = list(WORDS.finditer(line))
    if not words:
        return line
    word = chance.choice(words)
    new = chance.choice([*ODD_WORDS, *ODD_TEXTS, str(chance.randrange(300)), f"{word[0]}0"])
    return line[: word.start()] + new + line[word.end() :]
