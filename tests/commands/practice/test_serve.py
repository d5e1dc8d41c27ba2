"""`numeri practice serve` where no tournament is yet."""

from __future__ import annotations

import re

import httpx
import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.practice.serve import serve
from numeri_cli.home import Home
from numeri_cli.practice.tournament import Tournament


class StoppedError(Exception):
    """Whoever listens has heard enough."""


def test_serve_makes_the_tournament_and_tells_its_address_and_keys_while_it_answers() -> None:
    home = Home.find()
    assert not Tournament.exists(home.practice)
    told = []

    def announce(words: str) -> None:
        told.append(words)
        [address] = re.findall(r"NUMERI_API_URL=(\S+)", words)
        answer = httpx.post(address, json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "RootQueryType"}}
        line = f'numerapi.base_api.API_TOURNAMENT_URL = "{address}"'
        assert line in words.splitlines()
        raise StoppedError

    context = Context(home=home)
    with pytest.raises(StoppedError):
        serve(context, port=0, clock="standing", rate_limits=False, announce=announce)
    public_id, secret = context.practice.participant_keys()
    context.close()
    assert f"NUMERAI_PUBLIC_ID={public_id}" in told[0]
    assert f"NUMERAI_SECRET_KEY={secret}" in told[0]
