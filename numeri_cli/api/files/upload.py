"""Bytes from here to a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from numeri_cli.api.files.object_store import (
    broken,
    refusal,
)
from numeri_cli.api.http.connection import (
    Broken,
    Connector,
    Request,
)
from numeri_cli.api.http.retry import retried
from numeri_cli.errors import TransferRefused
from numeri_cli.progress import SilentTask, Task

_CHUNK_BYTES = 65_536
_TAKEN = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})


class UploadExpired(TransferRefused):
    """The store does not take this address any more; another authorization may do."""


def upload(
    *,
    connector: Connector,
    url: str,
    content: bytes,
    name: str,
    deadline: float | None = None,
    task: Task | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Put the bytes at a signed address; the store's status must say that it took them.

    deadline: on the monotonic clock; nothing is tried again after it
    headers: what goes along beside the length
    Repeated for what may pass: the same bytes at the same address change nothing.
    Raises UploadExpired for a 403, TransferRefused, TransferFailed, TransferStalled.
    """
    limits, bar = connector.limits, task or SilentTask()
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        bar.advance(-sent)
        sent = 0
        for start in range(0, len(content), _CHUNK_BYTES):
            chunk = content[start : start + _CHUNK_BYTES]
            yield chunk
            sent += len(chunk)
            bar.advance(len(chunk))

    request = Request(
        method="PUT",
        url=url,
        headers={**(headers or {}), "Content-Length": str(len(content))},
        body=body,
        idle_seconds=limits.no_progress_seconds,
        # slower than this is what a stall is defined as
        whole_seconds=limits.no_progress_seconds + len(content) / limits.stall_bytes_per_second,
    )
    connection = connector.connect(bulk=True)

    def put() -> None:
        try:
            with connection.open(request) as response:
                if response.status_code in _TAKEN:
                    return
                error = refusal(response, name=name)
        except Broken as trouble:
            raise broken(trouble, name=name) from trouble
        if response.status_code == HTTPStatus.FORBIDDEN:
            raise UploadExpired(str(error), hint="run the same command again")
        raise error

    try:
        retried(put, limits=limits, deadline=deadline)
    finally:
        connection.close()
