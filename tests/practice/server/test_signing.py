"""A signed URL opens one path to one method for a while."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from numeri_cli.practice.server.signing import UrlSigner

PATH = "/data/301/v5.3/live.parquet"


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def signer(hand: Hand) -> UrlSigner:
    return UrlSigner(key=b"a key", life_seconds=900, clock=hand)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_a_url_names_the_origin_and_the_path(signer: UrlSigner) -> None:
    url = urlsplit(signer.url("http://127.0.0.1:8123", method="GET", path="/data/1/a b.csv"))
    assert (url.scheme, url.netloc, url.path) == ("http", "127.0.0.1:8123", "/data/1/a%20b.csv")


def test_it_opens_what_it_was_signed_for(signer: UrlSigner) -> None:
    query = query_of(signer.url("https://x.invalid", method="GET", path=PATH))
    assert signer.allows(method="GET", path=PATH, query=query)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
def test_it_opens_nothing_to_another_method(signer: UrlSigner, method: str) -> None:
    query = query_of(signer.url("https://x.invalid", method="GET", path=PATH))
    assert not signer.allows(method=method, path=PATH, query=query)


def test_it_opens_no_other_path(signer: UrlSigner) -> None:
    query = query_of(signer.url("https://x.invalid", method="GET", path=PATH))
    assert not signer.allows(method="GET", path="/data/301/v5.3/train.parquet", query=query)


def test_it_expires_in_real_seconds(signer: UrlSigner, hand: Hand) -> None:
    query = query_of(signer.url("https://x.invalid", method="GET", path=PATH))
    hand.seconds += 899
    assert signer.allows(method="GET", path=PATH, query=query)
    hand.seconds += 1
    assert not signer.allows(method="GET", path=PATH, query=query)


@pytest.mark.parametrize(
    "change",
    [
        {"X-Expires": "9999999999.000"},
        {"X-Expires": "never"},
        {"X-Expires": ""},
        {"X-Signature": "0" * 64},
        {"X-Signature": ""},
        {"X-Signature": "é"},
    ],
)
def test_a_changed_query_opens_nothing(signer: UrlSigner, change: dict[str, str]) -> None:
    query = query_of(signer.url("https://x.invalid", method="GET", path=PATH)) | change
    assert not signer.allows(method="GET", path=PATH, query=query)


def test_no_query_opens_nothing(signer: UrlSigner) -> None:
    assert not signer.allows(method="GET", path=PATH, query={})


def test_another_key_opens_nothing(signer: UrlSigner, hand: Hand) -> None:
    query = query_of(signer.url("https://x.invalid", method="GET", path=PATH))
    other = UrlSigner(key=b"another key", life_seconds=900, clock=hand)
    assert not other.allows(method="GET", path=PATH, query=query)


def test_the_key_shows_in_no_repr(signer: UrlSigner) -> None:
    assert "a key" not in repr(signer)
