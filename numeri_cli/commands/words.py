"""What a word on the command line means: a data file, a prediction file or a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import (
    bring,
    missing,
)
from numeri_cli.errors import FileMissing, ModelUnknown, NoRoundOpen

_NAMED = ("live", "validation", "train")
SCORED = "validation"  # the folder of predictions that were only made to be scored


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


def names_data(word: str) -> bool:
    """Whether a word is one of those that mean a data file."""
    return word in _NAMED


def is_file_name(word: str) -> bool:
    """Whether a word is a file's name by its looks: a suffix or a separator."""
    return word.lower().endswith((".csv", ".parquet")) or "/" in word


def source_of(context: Context, source: str, *, model: str | None) -> tuple[str, Path | None]:
    """What a word on the command line means: a prediction file for a model, or a model.

    Returns the model's name and the file, None for a model that is to predict. A word with a
    suffix or a separator is a file.
    Raises ModelUnknown where it is neither, or where a file's model is not clear.
    """
    looks_like_file = is_file_name(source)
    if not looks_like_file and source in context.profile.models:
        return source, None
    if not looks_like_file and not Path(source).exists():
        context.profile.model(source)  # refuses, naming the nearest
    if model is None:
        names = list(context.profile.models)
        if len(names) != 1:
            raise ModelUnknown(
                f"{source} could be for any of {', '.join(names)}",
                hint=f"say which: --model {names[0]}",
            )
        model = names[0]
    return model, Path(source)


def chosen_models(context: Context, asked: Sequence[str]) -> list[str]:
    """The models that were named, or all of the profile. Raises ModelUnknown."""
    for name in asked:
        context.profile.model(name)
    return list(asked or context.profile.models)
