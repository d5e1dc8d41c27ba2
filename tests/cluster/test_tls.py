"""TLS with certificates of one's own: the right ones work, others are refused."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.cluster.library import distributed
from numeri_cli.errors import ClusterUnreachable, ClusterUnsafe
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ClusterSettings
from tests.support.clusters import cluster_here, fleet_at
from tests.support.data_versions import model_spec

MODEL = model_spec(
    features="all", targets=("target_ender_20",), params={"n_estimators": 3, "n_jobs": 1}
)


def certificates(folder: Path) -> Path:
    """An authority of its own, and a certificate that it has signed, as the guide makes them."""
    folder.mkdir(parents=True)
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    sign = ["openssl", "x509", "-req", "-days", "9", "-in", "cert.csr", "-out", "cert.pem"]
    for words in (
        [*new, "-x509", "-days", "9", "-subj", "/CN=a", "-keyout", "ca-key.pem", "-out", "ca.pem"],
        [*new, "-subj", "/CN=c", "-keyout", "key.pem", "-out", "cert.csr"],
        [*sign, "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"],
    ):
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
    (folder / "key.pem").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def encrypted(ours: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with a worker, over TLS."""
    names = {"ca_file": "ca", "scheduler_cert": "cert", "scheduler_key": "key"}
    names |= {"worker_cert": "cert", "worker_key": "key"}
    names |= {"client_cert": "cert", "client_key": "key"}
    files = {f"tls_{name}": str(ours / f"{file}.pem") for name, file in names.items()}
    security = distributed().Security(**files, require_encryption=True)
    folder = tmp_path_factory.mktemp("dask")
    with cluster_here(folder, workers=1, security=security) as address:
        yield address


def test_the_right_certificates_train(encrypted: str, ours: Path, workspace: Workspace) -> None:
    assert encrypted.startswith("tls://")
    settings = ClusterSettings(certificates=str(ours))
    with fleet_at(encrypted, settings=settings) as machines:
        assert train("far", MODEL, workspace, machines=machines).contract.machines


def test_certificates_of_another_authority_are_refused(encrypted: str, tmp_path: Path) -> None:
    settings = ClusterSettings(certificates=str(certificates(tmp_path / "theirs")))
    with pytest.raises(ClusterUnsafe, match="certificate"), fleet_at(encrypted, settings=settings):
        pass


def test_a_scheduler_with_tls_is_not_reached_without(encrypted: str) -> None:
    plain = encrypted.replace("tls://", "tcp://")
    with pytest.raises(ClusterUnreachable), fleet_at(plain):
        pass
