"""Which machines are meant, and whether it is safe to go there.

Dask sends pickles both ways: whoever answers at the address can run code here, and whoever reaches
it can run code there. So it is this machine, or TLS with certificates of one's own, or somebody
has said that the network between is to be trusted.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from numeri_cli.cluster.library import distributed
from numeri_cli.errors import ClusterUnsafe, UsageProblem
from numeri_cli.model_spec import ClusterSettings

MOST_LOCAL_WORKERS = 256
_LOCAL = re.compile(r"local:(\d{1,4})")
_FILES = ("ca.pem", "cert.pem", "key.pem")


@dataclass(frozen=True)
class LocalWorkers:
    """Workers of this very machine, started for one command."""

    count: int


@dataclass(frozen=True)
class SchedulerAddress:
    """A scheduler that is running: "tcp://host:port" or "tls://host:port"."""

    text: str

    @property
    def host(self) -> str:
        """Its host."""
        return urlsplit(self.text).hostname or ""

    @property
    def is_encrypted(self) -> bool:
        """Whether it is reached over TLS."""
        return self.text.startswith("tls://")

    @property
    def is_here(self) -> bool:
        """Whether what is sent there stays on this machine."""
        return is_loopback(self.host)


def parse_address(text: str) -> LocalWorkers | SchedulerAddress:
    """What an address of the command line or profile means. Raises UsageProblem."""
    local = _LOCAL.fullmatch(text)
    if local is not None:
        count = int(local[1])
        if not 1 <= count <= MOST_LOCAL_WORKERS:
            raise UsageProblem(
                f"{text} asks for {count} workers of this machine",
                hint=f"name 1 to {MOST_LOCAL_WORKERS}, such as local:2",
            )
        return LocalWorkers(count)
    whole = text if "://" in text else f"tcp://{text}"
    try:
        parts = urlsplit(whole)
        good = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.path not in ("", "/") or parts.query:
        raise UsageProblem(
            f"{text[:80]!r} is no address of a cluster",
            hint="write tls://host:8786, tcp://127.0.0.1:8786, or local:4 for workers of this"
            " machine",
        )
    return SchedulerAddress(whole.rstrip("/"))


def security_of(
    address: SchedulerAddress, settings: ClusterSettings, *, folder: Path | None
) -> Any | None:
    """What Dask needs for TLS; None where the address needs none.

    folder: of the profile, beside which the certificates may lie
    Raises ClusterUnsafe.
    """
    if address.is_encrypted:
        ca, certificate, key = certificate_files(settings.certificates, folder=folder)
        return distributed().Security(
            tls_ca_file=str(ca),
            tls_client_cert=str(certificate),
            tls_client_key=str(key),
            require_encryption=True,
        )
    if not address.is_here and not settings.insecure:
        raise ClusterUnsafe(
            f"{address.text} is another machine, and without TLS anybody on the way can read the"
            " data and run code on both ends",
            hint="take tls:// with `certificates` in [cluster], or say `insecure = true` there for"
            " a network of your own",
        )
    return None


def insecure_words(address: SchedulerAddress) -> str | None:
    """What is to be said of an address that somebody has let be insecure; None where it is safe."""
    if address.is_encrypted or address.is_here:
        return None
    return (
        f"{address.text} is reached without TLS, as [cluster] says: whoever is on that network can"
        " read the data and run code on every machine of the cluster and on this one"
    )


def certificate_files(name: str | None, *, folder: Path | None) -> tuple[Path, Path, Path]:
    """The authority's certificate, our own, and its key. Raises ClusterUnsafe."""
    if name is None:
        raise ClusterUnsafe(
            "tls:// needs certificates, and the profile names none",
            hint="set `certificates` in [cluster] to a folder with ca.pem, cert.pem and key.pem",
        )
    place = (folder or Path.cwd()) / Path(name).expanduser()
    files = tuple(place / one for one in _FILES)
    for path in files:
        if not path.is_file():
            raise ClusterUnsafe(
                f"{path} is not there", hint=f"the folder has to hold {', '.join(_FILES)}"
            )
    key = files[2]
    if key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ClusterUnsafe(
            f"{key} can be read by others of this machine", hint=f"`chmod 600 {key}`"
        )
    return files[0], files[1], key


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
