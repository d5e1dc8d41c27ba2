"""A retraining of the model lighthouse that ends its own process at a step.

`python -m tests.support.killed_retraining STEP`
"""

from __future__ import annotations

import os
import sys

from numeri_cli.commands.context import Context
from numeri_cli.commands.retrain.retrain import retrain
from numeri_cli.home import Home
from numeri_cli.progress import Silent


class Killing(Silent):
    """Ends the process at the step that was named, without a word."""

    def step(self, name: str) -> None:
        """Kill where it is the one."""
        if name == sys.argv[1]:
            os._exit(9)


if __name__ == "__main__":
    retrain(Context(home=Home.find(), listener=Killing()), ["lighthouse"])
