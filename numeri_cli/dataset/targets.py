"""Targets by their explicit names; the bare alias is found out by comparing."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from numeri_cli.dataset.parquet import DataFile, as_floats
from numeri_cli.errors import TargetAlias, TargetUnknown, did_you_mean

ALIAS = "target"


def check_target(data: DataFile, target: str) -> str:
    """The target's name, where the file has it under that explicit name.

    Raises TargetAlias for the bare `target`, saying what it stands for in this file;
    TargetUnknown naming the nearest.
    """
    named = [name for name in data.targets if name != ALIAS]
    if target == ALIAS:
        meant = alias_of(data)
        says = f"in this file it is {meant}" if meant else "here it equals no named target"
        raise TargetAlias(
            f"`target` is an alias that changes its meaning between versions; {says}",
            hint=f'write targets = ["{meant or (named or ["target_…"])[0]}"]',
        )
    if target not in named:
        raise TargetUnknown(
            f"{data.path.name} has no target {target!r}",
            hint=did_you_mean(target, named, otherwise=f"it has {', '.join(named[:12])}"),
        )
    return target


def alias_of(data: DataFile) -> str | None:
    """The named target whose every value equals the column `target`; None where none does."""
    if ALIAS not in data.columns:
        return None
    candidates = [name for name in data.targets if name != ALIAS]
    for name in candidates:
        if all(_equal(table) for table in data.groups([ALIAS, name])):
            return name
    return None


def _equal(table: pa.Table) -> bool:
    """Whether two columns are equal, an absent value to an absent value."""
    first, second = (as_floats(column, pa.float64()) for column in table.columns)
    filled = [pc.fill_null(column, float("nan")) for column in (first, second)]
    both_nan = pc.and_(pc.is_nan(filled[0]), pc.is_nan(filled[1]))
    return bool(pc.all(pc.or_(pc.equal(*filled), both_nan)).as_py() is not False)
