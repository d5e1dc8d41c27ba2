"""Make the README's pictures from real runs: `.venv/bin/python .github/pictures.py`.

Each command is run in a terminal of 80 columns, in a fresh home with the default practice world,
and what it shows becomes an SVG beside this file. It takes a minute or two.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

HERE = Path(__file__).parent
COLUMNS = 80
NUMERI = Path(sys.executable).with_name("numeri")
PICTURES = {
    "run": ("run", "--tournament", "practice"),
}
_FONTS = re.compile(r"@font-face \{.*?\}\n?", re.DOTALL)
_FAMILY = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


def shown(words: Sequence[str], home: Path) -> str:
    """What the command shows in a terminal, its escape sequences included; talk comes first."""
    ours, theirs = pty.openpty()
    given = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    screen = {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "COLORTERM": "truecolor"}
    with subprocess.Popen(  # noqa: S603 - our own program
        [NUMERI, *words], cwd=home, env=given | screen, stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        lines = io.BytesIO()
        while part := _read(ours):
            lines.write(part)
        talk = process.stderr.read() if process.stderr else b""
    os.close(ours)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {talk.decode()}")
    text = (talk + lines.getvalue()).decode().replace("\r\n", "\n")
    return text.replace(str(home), "~").replace(str(NUMERI), ".venv/bin/numeri")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # Linux says so when the other side has closed
        return b""


def drawn(words: Sequence[str], text: str, *, name: str) -> str:
    """The terminal as an SVG that needs nothing from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ ", "green") + Text(" ".join([".venv/bin/numeri", *words]), "bold"))
    console.print(Text.from_ansi(text.rstrip("\n")), soft_wrap=True)
    svg = console.export_svg(title="numeri", theme=MONOKAI, unique_id=f"numeri-{name}")
    return _FONTS.sub("", svg).replace("Fira Code", _FAMILY)


def main() -> None:
    """Run each command and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, words in PICTURES.items():
            picture = drawn(words, shown(words, Path(folder)), name=name)
            (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
