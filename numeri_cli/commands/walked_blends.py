"""The backtest of a blend: made of those of its parts, once for each state of theirs."""

from __future__ import annotations

from pathlib import Path

from numeri_cli.commands.blends import shares_of
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_for_training
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.learning.walked_blend import BlendOfWalks, WalkedBlend


def walked_blend(context: Context, name: str) -> WalkedBlend:
    """A blend's out-of-sample predictions; files that its neutralization needs are downloaded.

    They are made where this command has not made them of the same backtests yet.
    Raises FileMissing where a part has not been backtested, and what the blending raises.
    """
    models = context.profile.models
    shares = shares_of(context, name)
    data = tuple(dict.fromkeys(file for part in shares for file in models[part].data))
    blend = BlendOfWalks(
        name=name,
        workspace=context.workspace,
        shares=shares,
        data=data,
        neutralization=models[name].neutralization,
    )
    blend.backtests()  # before anything is downloaded
    bring_for_training(context, models[name].model_copy(update={"data": data}))
    output = context.workspace.backtest(name)
    place = output.with_name(f"{output.stem}-{blend.mark()}")
    made = context.predicted.get(place)
    if made is None or not made.is_file():
        done = blend.write(listener=context.listener)
        older = [one for one, path in context.predicted.items() if path == done.path]
        for one in older:
            del context.predicted[one]
        context.predicted[place] = done.path
        return done
    return _as_it_is(made)


def _as_it_is(path: Path) -> WalkedBlend:
    data = DataFile.open(path)
    return WalkedBlend(path, data.rows, data.eras().names)
