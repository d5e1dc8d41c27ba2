"""The program as a person calls it: a quick profile, and a call as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from tests.support.said import Said

KEY_VARIABLES = ("NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY", "NUMERAI_MCP_AUTH", "NUMERI_API_URL")

PROFILE = """\
tournament = "practice"

[models.lighthouse]
features = "medium"
targets = ["target_ender_20"]

[models.lighthouse.estimator]
name = "lightgbm"
params = { n_estimators = 20, learning_rate = 0.1, max_depth = 3, min_data_in_leaf = 50 }
"""

Numeri = Callable[..., Said]


def call_process(*words: object, **environment: str) -> Said:
    """Call the program as a process of its own, in the test's home and folder."""
    done = subprocess.run(
        [sys.executable, "-m", "numeri_cli", *(str(word) for word in words)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)
