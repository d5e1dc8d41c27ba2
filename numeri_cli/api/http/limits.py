"""How long and how often the network is tried: every number of it in one place."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Time in seconds, sizes in bytes; the defaults are for the real service.

    total_seconds: of one API call, from the name look-up to the last byte
    no_progress_seconds: of a transfer; fewer than stall_bytes_per_second over that long is a stall
    attempts: in a row without progress, the first one included
    retry_after_seconds: the longest a server may ask us to wait
    silent_seconds: so long a question is tried again without a word
    whole_below_bytes: a smaller file comes in one request; what is left of a run below that, too
    alone_seconds: a first connection is left alone for so long
    enough_bytes_per_second: a first connection as fast as that gets no help from others
    segment_bytes: the least that is asked for in one ranged request of a larger file
    poll_seconds, settle_seconds: between two looks at a submission, and for all of them
    hosted_seconds: for all looks at an uploaded model that the server tries
    clock_seconds: how long one Date header is good for
    """

    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    total_seconds: float = 60.0
    no_progress_seconds: float = 60.0
    stall_bytes_per_second: int = 1024
    attempts: int = 6
    backoff_start_seconds: float = 0.5
    backoff_max_seconds: float = 20.0
    retry_after_seconds: float = 120.0
    silent_seconds: float = 2.0
    redirects: int = 5
    answer_bytes: int = 64 * MEGABYTE
    connections: int = 4
    alone_seconds: float = 0.3
    enough_bytes_per_second: int = 100 * MEGABYTE
    whole_below_bytes: int = 32 * MEGABYTE
    segment_bytes: int = 4 * MEGABYTE
    journal_seconds: float = 2.0
    restarts: int = 3
    poll_seconds: float = 10.0
    settle_seconds: float = 900.0
    hosted_seconds: float = 3600.0
    clock_seconds: float = 5.0
