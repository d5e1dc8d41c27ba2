"""Where a cluster is, and whether it is safe to go there."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.cluster.address import (
    LocalWorkers,
    SchedulerAddress,
    certificate_files,
    insecure_words,
    parse_address,
    security_of,
)
from numeri_cli.errors import ClusterUnsafe, UsageProblem
from numeri_cli.model_spec import ClusterSettings


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("local:4", LocalWorkers(4)),
        ("tcp://127.0.0.1:8786", SchedulerAddress("tcp://127.0.0.1:8786")),
        ("tls://10.0.0.5:8786/", SchedulerAddress("tls://10.0.0.5:8786")),
        ("host:8786", SchedulerAddress("tcp://host:8786")),
        ("tls://[::1]:8786", SchedulerAddress("tls://[::1]:8786")),
    ],
)
def test_an_address_is_a_scheduler_or_workers_of_this_machine(
    text: str, meant: LocalWorkers | SchedulerAddress
) -> None:
    assert parse_address(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "local:0",
        "local:1000",
        "host",
        "ws://host:1",
        "tcp://host",
        "tcp://a:b@host:1",
        "tcp://host:1/path",
        "tcp://host:99999",
        "inproc://1/2",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem):
        parse_address(text)


@pytest.mark.parametrize("host", ["10.0.0.5", "example.org", "0.0.0.0", "[2001:db8::1]"])  # noqa: S104
def test_another_machine_without_tls_is_refused_unless_the_profile_says_so(host: str) -> None:
    address = SchedulerAddress(f"tcp://{host}:8786")
    with pytest.raises(ClusterUnsafe, match="run code on both ends"):
        security_of(address, ClusterSettings(), folder=None)
    allowed = ClusterSettings(insecure=True)
    assert security_of(address, allowed, folder=None) is None
    assert "run code on every machine" in str(insecure_words(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_this_machine_needs_no_tls(host: str) -> None:
    address = SchedulerAddress(f"tcp://{host}:8786")
    assert security_of(address, ClusterSettings(), folder=None) is None
    assert insecure_words(address) is None


def test_certificates_have_to_be_there_and_the_key_ones_own(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnsafe, match="names none"):
        certificate_files(None, folder=tmp_path)
    for name in ("ca.pem", "cert.pem"):
        (tmp_path / name).touch()
    with pytest.raises(ClusterUnsafe, match=r"key\.pem is not there"):
        certificate_files(".", folder=tmp_path)
    (tmp_path / "key.pem").touch(mode=0o644)
    with pytest.raises(ClusterUnsafe, match="read by others"):
        certificate_files(".", folder=tmp_path)
    (tmp_path / "key.pem").chmod(0o600)
    assert certificate_files(".", folder=tmp_path)[2].name == "key.pem"
