"""Optuna, as far as it is used here; the extra is named where it is missing."""

from __future__ import annotations

from numeri_cli.errors import LibraryMissing

try:
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.samplers import TPESampler
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import FrozenTrial, Trial
    from optuna.trial import TrialState as OptunaState
except ModuleNotFoundError as error:
    raise LibraryMissing(
        "Optuna is not installed", hint="the extra brings it: `pip install 'numeri[tune]'`"
    ) from error

optuna.logging.disable_default_handler()  # trials are told by ours

__all__ = [
    "FrozenTrial",
    "JournalFileBackend",
    "JournalStorage",
    "OptunaState",
    "PedAnovaImportanceEvaluator",
    "TPESampler",
    "Trial",
    "get_param_importances",
    "optuna",
]
