"""Which data file a word on the command line means."""

from __future__ import annotations

from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.datasets import (
    bring,
    missing,
)
from numeri_cli.errors import FileMissing, NoRoundOpen

_NAMED = ("live", "validation", "train")


def data_file(context: Context, word: str) -> Path:
    """The file meant by "live", "validation", "train" or a path.

    live is refreshed for the round that is open; the others are downloaded where they are not here
    """
    if word not in _NAMED:
        path = Path(word)
        if not path.is_file():
            raise FileMissing(
                f"there is no data file {word}",
                hint="say live, validation or train, or the path of a parquet file",
            )
        return path.absolute()
    name = f"{word}.parquet"
    if word == "live":
        try:
            bring(context, (name,), round_number=context.client.current_round().number)
        except NoRoundOpen:
            if missing(context, (name,)):
                bring(context, (name,))
    elif missing(context, (name,)):
        bring(context, (name,))
    return context.file(name)
