"""A look at a file in a store: whether it changed, and how much of it would have to come."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from numeri_cli.api.files.object_store import (
    Addresses,
    broken,
    identity_of,
    refusal,
)
from numeri_cli.api.files.parts import (
    Identity,
    kept_bytes,
)
from numeri_cli.api.http.connection import (
    Broken,
    Connector,
    Request,
)
from numeri_cli.api.http.retry import (
    Passing,
    retried,
)
from numeri_cli.errors import TransferFailed
from numeri_cli.files import disk_errors


def bytes_to_come(
    *,
    connector: Connector,
    get_url: Callable[[], str],
    destination: Path,
    known: Identity | None,
) -> int | None:
    """Bytes that a download would fetch; None where the copy here is the store's, 0 if not told.

    Asks for one byte: an address signed for GET refuses HEAD. Raises TransferFailed,
    TransferStalled, TransferRefused, TransferCorrupt, DiskError, and what get_url raises.
    """
    addresses, name, limits = Addresses(get_url), destination.name, connector.limits
    headers = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    connection = connector.connect(bulk=True)

    def look() -> Identity | None:
        url = addresses.current()
        request = Request(method="GET", url=url, headers=headers, idle_seconds=limits.read_seconds)
        try:
            with connection.open(request) as response:
                status = response.status_code
                if status == HTTPStatus.NOT_MODIFIED:
                    return known
                if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                    return identity_of(response, name=name)[0]
                if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    return Identity(response.headers.get("etag"), 0)
                error = refusal(response, name=name)
        except Broken as trouble:
            raise broken(trouble, name=name) from trouble
        if status == HTTPStatus.FORBIDDEN and addresses.renew(url):
            raise Passing(
                TransferFailed(str(error), hint="run the same command again"), after_seconds=0.0
            )
        raise error

    try:
        found = retried(look, limits=limits)
    finally:
        connection.close()
    if found is None or (found == known and found.resumable):
        return None
    with disk_errors(destination):
        return max(0, (found.size or 0) - kept_bytes(destination, identity=found))
