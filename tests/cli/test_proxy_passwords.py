"""What stands before the host in a proxy's address is seen nowhere, whichever form it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.log import Mask
from numeri_cli.schedule.command import carried_variables, withheld_variables
from tests.support.runner import Numeri

Patch = pytest.MonkeyPatch
PLAIN = "hunter-2-hunter"
FORMS = {
    "of https": ("HTTPS_PROXY", f"http://bob:{PLAIN}@127.0.0.1:9", PLAIN),
    "in small letters": ("https_proxy", f"http://bob:{PLAIN}@127.0.0.1:9", PLAIN),
    "percent-encoded": ("ALL_PROXY", "http://bob:p%40ss%2Fw%3Aord@127.0.0.1:9", "p%40ss%2Fw%3Aord"),
    "with signs as they are": ("all_proxy", "http://bob:p@ss!w:ord$x@127.0.0.1:9", "p@ss!w:ord$x"),
    "with a slash": ("HTTPS_PROXY", "http://bob:p/ss#w?ord@127.0.0.1:9", "p/ss#w?ord"),
    "without a scheme": ("HTTPS_PROXY", f"bob:{PLAIN}@127.0.0.1:9", PLAIN),
    "of socks5": ("ALL_PROXY", f"socks5://bob:{PLAIN}@127.0.0.1:9", PLAIN),
    "a token for a name": ("HTTP_PROXY", f"http://{PLAIN}@127.0.0.1:9", PLAIN),
    "with the quotes of an env file": (
        "HTTPS_PROXY",
        f'"http://bob:{PLAIN}@127.0.0.1:9"',
        PLAIN,
    ),
}
PROFILE = """\
tournament = "https://tournament.invalid/"
[models.beacon]
[wire]
attempts = 1
"""


@pytest.mark.parametrize("form", FORMS)
def test_no_schedule_error_log_or_doctor_shows_the_password_of_a_proxy(
    numeri: Numeri, home: Path, monkeypatch: Patch, form: str
) -> None:
    name, address, password = FORMS[form]
    monkeypatch.setenv(name, address)
    Path("numeri.toml").write_text(PROFILE)
    said = [
        numeri("schedule", "show"),
        numeri("schedule", "show", "--system", "systemd"),
        numeri("schedule", "show", "--json"),
        numeri("doctor", "--json"),
        numeri("datasets"),
    ]
    assert [one.code for one in said[:3]] == [0, 0, 0]
    assert "holds a password and is left out" in said[0].out
    assert said[4].code == 4
    texts = [one.out + one.err for one in said]
    texts += [
        path.read_bytes().decode(errors="replace") for path in home.rglob("*") if path.is_file()
    ]
    assert sum("tournament.invalid" in text for text in texts) > 1
    for text in texts:
        assert password not in text
        assert "bob" not in text


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_proxy_is_carried_into_a_schedule_or_past_the_mask(form: str) -> None:
    name, address, password = FORMS[form]
    assert carried_variables({name: address, "NO_PROXY": "localhost"}) == (
        ("NO_PROXY", "localhost"),
    )
    assert withheld_variables({name: address}) == (name,)
    mask = Mask.of_environment({name: address})
    for words in (f"cannot use {address}", f"the password {password} is wrong"):
        assert password in words
        assert password not in mask.text(words)


def test_a_certificate_file_with_an_at_sign_in_its_path_is_no_password() -> None:
    named = {"SSL_CERT_FILE": "/home/me@work/ca.pem", "HTTPS_PROXY": "http://proxy:3128"}
    assert withheld_variables(named) == ()
    assert carried_variables(named) == (
        ("SSL_CERT_FILE", "/home/me@work/ca.pem"),
        ("HTTPS_PROXY", "http://proxy:3128"),
    )


def test_a_decoded_or_encoded_password_is_masked_like_the_one_that_was_given() -> None:
    mask = Mask.of_environment({"https_proxy": "http://bob:p%40ss%2Fword@proxy:3128"})
    assert mask.text("p@ss/word and p%40ss%2Fword") == "*** and ***"
    assert "Ym9iOnBAc3Mvd29yZ" not in mask.text("Basic: Ym9iOnBAc3Mvd29yZA==")
