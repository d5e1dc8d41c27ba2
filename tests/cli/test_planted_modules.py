"""A module in the folder of a profile stands in for no library, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.commands.doctor import newer
from numeri_cli.errors import EstimatorInvalid
from numeri_cli.learning.estimators.user_class import estimator_class
from tests.support.runner import PROFILE, call_process

MARK = "ran.txt"
PLANTED = f"open({MARK!r}, 'a').write(__name__)\n"


def test_libraries_of_the_folder_one_stands_in_are_not_run(practice: Path) -> None:
    Path("numeri.toml").write_text(PROFILE)
    for name in ("tomllib", "httpx", "numpy", "pandas", "pyarrow", "socksio", "numexpr", "pip"):
        Path(f"{name}.py").write_text(PLANTED)
    said = call_process("doctor", "--json", "--online", PIP_NO_INDEX="1")
    assert said.json["data"], said.err
    assert not Path(MARK).exists()


def test_a_module_beside_the_profile_is_found_after_those_of_python_and_of_packages(
    tmp_path: Path,
) -> None:
    mine = "class Wave_read:\n    def fit(self, X, y): ...\n    def predict(self, X): ...\n"
    (tmp_path / "wave.py").write_text(mine)
    (tmp_path / "my_waves.py").write_text(mine)
    assert estimator_class("my_waves:Wave_read", module_folder=tmp_path).__module__ == "my_waves"
    with pytest.raises(EstimatorInvalid, match="wave:Wave_read has no method fit"):
        estimator_class("wave:Wave_read", module_folder=tmp_path)


def test_pip_gets_its_settings_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "PATH": "/bin", "NUMERAI_SECRET_KEY": "planted", "NUMERAI_MCP_AUTH": "planted",
        "AWS_SECRET_ACCESS_KEY": "planted", "PYTHONPATH": "planted", "PIP_NO_INDEX": "1",
        "https_proxy": "http://proxy:3128", "PIP_INDEX_URL": "https://mirror.example/simple",
    }  # fmt: skip
    given = newer.environment_of_pip(environment)
    assert "planted" not in given.values()
    assert set(given) == {"PATH", "PIP_NO_INDEX", "https_proxy", "PIP_INDEX_URL"}
