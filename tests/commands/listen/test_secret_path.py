"""The webhook's path is made once, long enough, and nobody else's to read."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from numeri_cli.commands.listen.secret_path import secret_path
from numeri_cli.errors import CredentialsUnsafe


def test_a_path_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file, lock = tmp_path / "config" / "webhook-path", tmp_path / "lock"
    made = secret_path(file, lock=lock)
    assert len(made) >= 43  # 256 random bits
    assert made.startswith("/")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret_path(file, lock=lock) == made
    assert secret_path(tmp_path / "other", lock=lock) != made


def test_several_that_make_it_at_once_agree(tmp_path: Path) -> None:
    file, lock = tmp_path / "webhook-path", tmp_path / "lock"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: secret_path(file, lock=lock), range(16)))
    assert made == {file.read_text().strip()}


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (f"/{'a' * 43}\n", 0o644, "can be read by other users"),
        ("/webhook\n", 0o600, "holds no path of a webhook"),
        ("", 0o600, "holds no path of a webhook"),
    ],
    ids=["readable", "short", "empty"],
)
def test_a_path_that_others_know_or_guess_is_refused(
    text: str, mode: int, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "webhook-path"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(CredentialsUnsafe, match=words) as caught:
        secret_path(file, lock=tmp_path / "lock")
    assert "remove it" in caught.value.hint
