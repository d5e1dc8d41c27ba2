"""The bytes of a file that was submitted or uploaded, as the server hands them out again."""

from __future__ import annotations

from http import HTTPStatus

from numeri_cli.api.files.object_store import broken, refusal
from numeri_cli.api.http.bodies import TooLarge, whole_body
from numeri_cli.api.http.connection import Broken, Connector, Request
from numeri_cli.api.http.retry import retried
from numeri_cli.errors import TransferRefused


def submitted_bytes(
    connector: Connector,
    url: str,
    *,
    submission_id: str,
    at_most: int,
    deadline: float | None = None,
) -> bytes:
    """What was uploaded for a submission, from the signed address that the server gave.

    at_most: in bytes
    deadline: on the monotonic clock; nothing is tried again after it
    Raises TransferRefused, also where there is more, TransferFailed and TransferStalled.
    """
    return stored_bytes(
        connector,
        url,
        name=f"submission {submission_id}",
        at_most=at_most,
        whole_seconds=connector.limits.total_seconds,
        deadline=deadline,
    )


def stored_bytes(
    connector: Connector,
    url: str,
    *,
    name: str,
    at_most: int,
    whole_seconds: float,
    deadline: float | None = None,
) -> bytes:
    """A file from a signed address, as one piece.

    name: in words; at_most: in bytes; whole_seconds: that one try may take
    deadline: on the monotonic clock; nothing is tried again after it
    Raises TransferRefused, also where there is more, TransferFailed and TransferStalled.
    """
    limits = connector.limits
    request = Request(
        method="GET",
        url=url,
        headers={"Accept-Encoding": "identity"},
        idle_seconds=limits.read_seconds,
        whole_seconds=whole_seconds,
    )
    connection = connector.connect(bulk=True)

    def get() -> bytes:
        try:
            with connection.open(request) as response:
                if response.status_code != HTTPStatus.OK:
                    raise refusal(response, name=name)
                return whole_body(response, at_most=at_most)
        except TooLarge:
            raise TransferRefused(
                f"{name} has more than {at_most:,} bytes",
                hint="it is no file of ours",
            ) from None
        except Broken as trouble:
            raise broken(trouble, name=name) from trouble

    try:
        return retried(get, limits=limits, deadline=deadline)
    finally:
        connection.close()
