"""Everything that commands import when they first need it; its import is what children share."""

from __future__ import annotations

from numeri_cli.commands import models, notify, predict, submissions, train
from numeri_cli.commands.doctor import doctor
from numeri_cli.commands.practice import status
from numeri_cli.commands.run import entry, run
from numeri_cli.commands.validate import validate
from numeri_cli.learning.estimators.lightgbm import estimator
from numeri_cli.output import screen
from numeri_cli.output.text import tables
from numeri_cli.practice import tournament
from numeri_cli.practice.server import server

__all__ = [
    "doctor",
    "entry",
    "estimator",
    "models",
    "notify",
    "predict",
    "run",
    "screen",
    "server",
    "status",
    "submissions",
    "tables",
    "tournament",
    "train",
    "validate",
]
