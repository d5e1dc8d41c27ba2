"""A text that is longer than the screen, read in the user's pager."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from typing import TextIO

from numeri_cli.children import child_environment

_LESS = "less -R"  # colours are shown, and nothing else that a text may ask a terminal for


def is_read_in_pager(
    text: str, environment: Mapping[str, str] = os.environ, *, output: TextIO | None = None
) -> bool:
    """Show a text in $PAGER, or in less; False where neither is there and nothing was shown.

    output: where the pager shows it; by default this process's own standard output, which leads
    elsewhere while a command works
    """
    try:
        words = shlex.split(environment.get("PAGER") or _LESS)
    except ValueError:  # a quote without its pair
        return False
    if not words or shutil.which(words[0], path=environment.get("PATH")) is None:
        return False
    given = child_environment(environment, TERM=environment.get("TERM", "dumb"), LESSSECURE="1")
    try:
        subprocess.run(  # noqa: S603 - the reader's own program, and no shell
            words, input=text, text=True, env=given, check=False, stdout=output
        )
    except OSError:
        return False
    return True
