"""One token for each question: none too many within the time of a limit, whoever asks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from numeri_cli.api.http.rates import PUBLISHED_LIMITS, PublishedLimit, TokenBucket
from numeri_cli.practice.server.rate_limits import PUBLISHED

LIMITS = {"few": PublishedLimit(3, 60.0), "many": PublishedLimit(100, 60.0)}


@dataclass
class Clock:
    """Seconds that stand still until they are told otherwise."""

    now: float = 1000.0
    asked: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now


def waits(bucket: TokenBucket, *fields: str) -> float:
    taken = bucket.reserve(fields)
    assert taken is not None
    return taken.wait_seconds


def test_a_question_waits_until_the_oldest_of_the_minute_is_gone() -> None:
    clock = Clock()
    bucket = TokenBucket(LIMITS, seconds=clock)
    assert [waits(bucket, "few") for _ in range(3)] == [0.0, 0.0, 0.0]
    clock.now += 20.0
    assert 40.0 < waits(bucket, "few") < 43.0
    assert waits(bucket, "unlimited") == 0.0


def test_a_field_that_is_asked_for_twice_takes_two_tokens() -> None:
    bucket = TokenBucket(LIMITS, seconds=Clock())
    assert waits(bucket, "few", "few") == 0.0
    assert waits(bucket, "few", "few") > 0.0


def test_the_field_that_one_waits_for_is_named() -> None:
    bucket = TokenBucket(LIMITS, seconds=Clock())
    waits(bucket, "few", "few", "few")
    taken = bucket.reserve(["many", "few"])
    assert taken is not None
    assert taken.field == "few"


def test_nothing_is_taken_where_the_deadline_comes_first() -> None:
    clock = Clock()
    bucket = TokenBucket(LIMITS, seconds=clock)
    waits(bucket, "few", "few", "few")
    assert bucket.reserve(["few"], deadline=clock.now + 30.0) is None
    assert bucket.reserve(["many"], deadline=clock.now + 30.0) is not None
    clock.now += 62.0
    assert waits(bucket, "few", "few", "few") == 0.0


@given(
    st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(1, 3)), min_size=1, max_size=60),
)
def test_no_minute_ever_holds_more_questions_than_the_limit(
    asked: list[tuple[float, int]],
) -> None:
    clock = Clock()
    bucket = TokenBucket(LIMITS, seconds=clock)
    sent: list[float] = []
    for pause, count in asked:
        clock.now += pause
        sent += [clock.now + waits(bucket, *["few"] * count)] * count
    for moment in sent:
        assert sum(moment <= other < moment + 60.0 for other in sent) <= 3
    assert sent == sorted(sent)


def test_threads_share_the_tokens() -> None:
    bucket = TokenBucket(LIMITS, seconds=Clock())
    found: list[float] = []

    def take() -> None:
        found.extend(waits(bucket, "many") for _ in range(25))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0.0 for wait in found) == 100


def test_the_limits_are_those_that_the_practice_server_keeps() -> None:
    assert {name: (limit.questions, limit.seconds) for name, limit in PUBLISHED_LIMITS.items()} == {
        name: (rate.calls, rate.seconds) for name, rate in PUBLISHED.items()
    }
