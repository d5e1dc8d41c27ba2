"""Everything the practice wire tells of a tournament that has been played for some weeks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_required_argument

from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.server.graphql import tournament_schema
from numeri_cli.practice.tournament import Tournament
from tests.support.tournaments import fresh_tournament, let_the_window_pass
from tests.support.wire import Wire

SECRET_SEED = 7_203_685_477_580_799_123  # would be known again anywhere
SETTINGS = WorldSettings(seed=SECRET_SEED, stocks=100, eras=40, features=12, rivals=3)


def played_tournament(root: Path) -> Tournament:
    """Some weeks with a staked submission in the first and a late one in the last but one."""
    made = fresh_tournament(root, settings=SETTINGS)
    with Wire.inside(made) as wire:
        made.set_stake("lighthouse", Decimal(13))
        wire.submit(wire.predictions(seed=1))
        made.advance(5)
        let_the_window_pass(made)
        wire.submit(wire.predictions(seed=2), model=wire.model("beacon"))
        made.advance()
    return made


def everything(kind: GraphQLObjectType, *, depth: int = 4) -> str:
    """All fields of a type that need no argument, down to a depth."""
    chosen = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if any(is_required_argument(one) for one in field.args.values()):
            continue
        if not isinstance(inner, GraphQLObjectType):
            chosen.append(name)
        elif depth:
            chosen.append(f"{name} {everything(inner, depth=depth - 1)}")
    return f"{{ {' '.join(chosen)} }}"


def questions(wire: Wire, tournament: Tournament) -> Iterator[str]:
    """Every query there is, with arguments that find something."""
    number = tournament.status().round_number
    models = wire.data("{ v2Leaderboard { username } account { models { id } } }")
    details = f"{{ roundDetails(roundNumber: {number - 2}, tournament: 8) {{ models {{ id }} }} }}"
    rivals = [one["id"] for one in wire.data(details)["roundDetails"]["models"]]
    own = [one["id"] for one in models["account"]["models"]]
    some = wire.data("{ submissions { id } }")["submissions"]
    known: dict[str, list[object]] = {
        "modelId": [*own[:2], rivals[-1]],
        "roundNumber": [SETTINGS.eras + 1, number - 2, number - 1, number],
        "id": [one["id"] for one in some][:1],
        "submissionId": [one["id"] for one in some][:1],
        "username": [one["username"] for one in models["v2Leaderboard"]][:2],
        "modelName": [one["username"] for one in models["v2Leaderboard"]][:2],
        "filename": [*sorted(tournament.files())],
        "tournament": [8],
        "date": ["2026-02-10"],
    }
    root = tournament_schema().query_type
    assert root is not None
    for name, field in root.fields.items():
        if not name.endswith("Auth"):  # these hand out names and URLs, which are random
            yield from _asked(name, field, known)


def _asked(name: str, field: GraphQLField, known: dict[str, list[object]]) -> Iterator[str]:
    needed = {one for one, kind in field.args.items() if is_required_argument(kind)}
    varied = [one for one in field.args if one in known and one != "tournament"]
    inner = get_named_type(field.type)
    body = everything(inner) if isinstance(inner, GraphQLObjectType) else ""
    asked = [{one: value} for one in varied for value in known[one]] or [{}]
    for given in asked:
        rest = {one: (known.get(one) or ["x"])[0] for one in needed if one not in given}
        arguments = {**given, **rest}
        written = ", ".join(f"{one}: {json.dumps(value)}" for one, value in arguments.items())
        yield f"{{ {name}{f'({written})' if written else ''} {body} }}"


def told(tournament: Tournament) -> dict[str, str]:
    """Every answer, without the random parts of URLs, and every file with its headers."""
    with Wire.inside(tournament) as wire:
        found = {}
        for question in questions(wire, tournament):
            answer = wire.post(question)
            assert answer.status_code == 200, (question, answer.text)
            found[question] = re.sub(r"X-Expires=[^\"]*", "", answer.text)
        for name in sorted(tournament.files()):
            url = wire.data("query($f: String!) { dataset(filename: $f) }", f=name)["dataset"]
            served = wire.http.get(url)
            found[name] = f"{sorted(served.headers.items())} {served.content!r}"
    return found
