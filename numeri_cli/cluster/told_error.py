"""An error that a worker has told in plain words, as an error of ours again."""

from __future__ import annotations

from collections.abc import Mapping

from numeri_cli.errors import MemberFailed, NumeriError, Unexpected


def told_error(told: Mapping[str, str], *, where: str) -> NumeriError:
    """The error of this code, message and hint; what has no code of ours is MemberFailed.

    where: the member and the machine, for what is said
    """
    message = f"{where}: {told['message']}"
    pending: list[type[NumeriError]] = [NumeriError]
    while pending:
        kind = pending.pop()
        if vars(kind).get("code") == told["code"] and kind is not Unexpected:
            return kind(message, hint=told["hint"])
        pending += kind.__subclasses__()
    return MemberFailed(message, hint="look at the worker's own words where it was started")
