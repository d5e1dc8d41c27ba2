"""Eras too near to a model's training: their targets reach back into it, or its into theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from numeri_cli.commands.validate.validation import LeftOut, PredictionSource
from numeri_cli.dataset.eras import era_number, purge_eras, require_times, sort_eras
from numeri_cli.dataset.parquet import DataFile, float_column
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import TargetMissing
from numeri_cli.scoring.ranks import known


def overlapping_eras(
    training_eras: Sequence[str], scored: Sequence[str], *, target: str, purge: int = 0
) -> tuple[str, ...]:
    """Scored eras that lie in, or within the purge of, the eras a model was trained on.

    purge: of the model's own targets, in eras; the longer one of the two counts
    Raises FileForeign where eras have no common order in time.
    """
    if not training_eras:
        return ()
    require_times([*training_eras, *scored], source="the model's training and the scored data")
    gap = max(purge_eras(target), purge)
    trained = np.sort(np.array([era_number(era) for era in training_eras]))
    numbers = np.array([era_number(era) for era in scored])
    after = np.searchsorted(trained, numbers)
    below = np.abs(numbers - trained[np.clip(after - 1, 0, None)])
    above = np.abs(numbers - trained[np.clip(after, None, len(trained) - 1)])
    near = np.minimum(below, above) <= gap
    return tuple(era for era, close in zip(scored, near, strict=True) if close)


def _left_out(sources: Sequence[PredictionSource], data: Path, *, target: str) -> tuple[str, ...]:
    """Eras whose targets reach back into a model's training, without those it was trained on."""
    names = DataFile.open(data).eras().names
    near: set[str] = set()
    for source in sources:
        overlap = overlapping_eras(
            source.training_eras, names, target=target, purge=source.purge_eras
        )
        near |= set(overlap) - set(source.training_eras)
    return sort_eras(near)


def purged_eras(
    sources: Sequence[PredictionSource], data: Path, *, target: str
) -> Iterator[LeftOut]:
    """What `after_purge` leaves out, and after the training of which models."""
    if after_purge(sources, data, target=target) is None:
        return
    out = _left_out(sources, data, target=target)
    gap = max(purge_eras(target), *(source.purge_eras for source in sources))
    names = [one.name for one in sources if _left_out([one], data, target=target)]
    words = f"lie within {gap} eras of the training of {' and '.join(names)}"
    yield LeftOut(reason="purged", eras=out, words=words)


def after_purge(
    sources: Sequence[PredictionSource], data: Path, *, target: str
) -> tuple[str, ...] | None:
    """The eras whose targets do not reach back into any model's training; None for all of them.

    Eras a model was trained on stay, with a warning: whoever trains on the validation data wants
    to see it.
    """
    file = DataFile.open(data)
    check_target(file, target)
    near = set(_left_out(sources, data, target=target))
    kept = tuple(name for name in file.eras().names if name not in near)
    return kept if near and kept else None


@contextmanager
def purge_explained(
    sources: Sequence[PredictionSource], data: Path, *, target: str
) -> Iterator[None]:
    """Inside, TargetMissing says so where it is the purge that left only eras without a target.

    sources: none where the eras were chosen by hand
    """
    try:
        yield
    except TargetMissing as error:
        out = _left_out(sources, data, target=target)
        if not out:
            raise
        file = DataFile.open(data)
        rows = np.isin(file.eras().codes, [file.eras().names.index(era) for era in out])
        if not known(float_column(file.read([target], rows=rows), target)).any():
            raise
        raise TargetMissing(
            f"the purge leaves no era to score: {out[0]}–{out[-1]} are nearer than"
            f" {purge_eras(target)} eras to a model's training, and no other era of {data.name} has"
            f" values of {target} yet",
            hint=f"`--eras {out[0]}-{out[-1]}` scores them all the same, with a warning; or wait"
            " until later targets are known",
        ) from error
