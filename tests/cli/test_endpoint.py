"""Which tournament is meant."""

from __future__ import annotations

import pytest

from numeri_cli.commands.endpoint import environment_host, resolve
from numeri_cli.errors import UsageProblem
from tests.support.runner import Numeri


def test_the_option_goes_before_the_environment_before_the_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert resolve(None, None).key == "numerai"
    assert resolve(None, "practice").key == "practice"
    monkeypatch.setenv("NUMERI_API_URL", "http://127.0.0.1:8123")
    assert resolve(None, "practice").key == "127.0.0.1-8123"
    assert resolve("numerai", "practice").key == "numerai"
    assert environment_host() == "127.0.0.1:8123"


@pytest.mark.parametrize(
    "word", ["numeri", "ftp://x", "http://", "https://a:b@c", "http://[", "x:99999"]
)
def test_a_word_that_is_no_tournament_is_refused(word: str) -> None:
    with pytest.raises(UsageProblem):
        resolve(word, None)


def test_numerais_own_address_is_numerai() -> None:
    assert resolve("https://api-tournament.numer.ai", None) == resolve("numerai", None)
    assert resolve("http://api-tournament.numer.ai", None) != resolve("numerai", None)


@pytest.mark.parametrize(
    "word",
    [
        "signals",
        "crypto",
        "numerai/signals",
        "numerai/crypto",
        "practice/signals",
        "practice/crypto",
        "https://api-tournament.numer.ai/signals",
        "http://127.0.0.1:8000/crypto/",
        "Practice/Signals",
    ],
)
def test_another_tournament_than_classic_is_refused_in_one_sentence(word: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        resolve(word, None)
    named = "Signals" if "signals" in word.lower() else "Crypto"
    assert str(refused.value) == f"the tournament {named} is not supported"
    assert refused.value.exit_code == 2


def test_a_tournament_that_is_not_supported_is_refused_wherever_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageProblem, match="Crypto is not supported"):
        resolve(None, "practice/crypto")
    monkeypatch.setenv("NUMERI_API_URL", "http://127.0.0.1:8000/signals?x=1")
    with pytest.raises(UsageProblem, match="Signals is not supported"):
        resolve(None, "practice")


def test_a_host_may_be_called_as_a_tournament_is() -> None:
    assert resolve("https://signals", None).host == "signals"
    assert resolve("https://crypto/", None).host == "crypto"


@pytest.mark.parametrize("word", ["signals", "practice/crypto", "https://example.org/signals"])
def test_the_program_ends_with_usage_where_another_tournament_is_asked_for(
    numeri: Numeri, word: str
) -> None:
    said = numeri("status", "--tournament", word, "--json")
    assert said.code == 2
    assert said.json["status"] == "refused"
    assert said.json["error"]["message"].endswith("is not supported")
    shown = numeri("status", "--tournament", word)
    assert (shown.code, shown.out) == (2, "")
    assert len(shown.err.splitlines()) <= 2
