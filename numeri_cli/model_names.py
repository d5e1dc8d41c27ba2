"""The one rule for names of models: in the profile, on the command line, in practice, on disk.

Numerai names a bound of 20 characters and no list of signs. What holds here is what a file, a TOML
key and a word of the command line can be without quotes.
"""

from __future__ import annotations

import re

MOST_CHARACTERS = 20
_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_-]{{0,{MOST_CHARACTERS - 1}}}")
RULE = f"up to {MOST_CHARACTERS} letters, digits, underscores and dashes, no dash in front"


def is_model_name(name: str) -> bool:
    """Whether a model can be called so."""
    return _NAME.fullmatch(name) is not None
