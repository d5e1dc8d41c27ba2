"""numeri retrain."""

from __future__ import annotations

from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def retrain(
    call: Invocation,
    models: Annotated[
        list[str] | None, typer.Argument(help="Models; those that are due by default.")
    ] = None,
) -> None:
    """Train models again, judge them on eras that neither has seen, take over what is not worse.

    `numeri run` starts it by itself, where `retrain` of the profile says so.

    numeri retrain
    """
    from numeri_cli.commands.notify import tell_retraining
    from numeri_cli.commands.retrain.retrain import retrain
    from numeri_cli.output.text.retrain import retrainings

    call.tell = tell_retraining
    call.enforce_deadline()
    done = retrain(call.context, models or ())
    call.show(done, retrainings, exit_code=done.exit_code, problems=done.problems)
