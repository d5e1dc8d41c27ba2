"""An environment without numeri, made once, and a small round."""

from __future__ import annotations

import pytest

from numeri_cli.hosted.environments import Environment, make_environment
from numeri_cli.hosted.interpreters import own_interpreter
from numeri_cli.progress import SILENT
from tests.support.hosted_pickles import SmallRound, small_round


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What this interpreter has of the images' packages, and nothing else."""
    root = tmp_path_factory.mktemp("environments")
    packages = ("lightgbm", "xgboost", "catboost", "scikit-learn")
    return make_environment(own_interpreter(), packages, root=root, bare=True, listener=SILENT)


@pytest.fixture(scope="session")
def tried_on(tmp_path_factory: pytest.TempPathFactory) -> SmallRound:
    """A round's files."""
    return small_round(tmp_path_factory.mktemp("round"))
