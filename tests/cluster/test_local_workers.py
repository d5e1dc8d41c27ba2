"""Workers of this machine see no key, no proxy, and share its cores."""

from __future__ import annotations

from numeri_cli.cluster.local_workers import worker_environment


def test_a_planted_key_is_in_no_worker_s_environment() -> None:
    planted = {
        "NUMERAI_PUBLIC_ID": "PLANTED",
        "NUMERAI_SECRET_KEY": "PLANTED",
        "NUMERAI_MCP_AUTH": "Token PLANTED$PLANTED",
        "AWS_SECRET_ACCESS_KEY": "PLANTED",
        "HTTPS_PROXY": "http://name:PLANTED@proxy:1",
        "NUMERI_HOME": "/here",
        "PATH": "/bin",
    }
    made = worker_environment(planted, threads="4")
    assert "PLANTED" not in " ".join(made.values())
    assert made["NUMERI_HOME"] == "/here"
    assert made["PATH"] == "/bin"
    assert made["DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__OMP_NUM_THREADS"] == "4"
