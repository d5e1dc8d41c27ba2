"""The kinds of input that are mangled: what is spoilt, and which command then meets it."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.accidents import mangled_bytes, mangled_json, mangled_text
from tests.fuzz.answers import mangled_answers, question
from tests.fuzz.databases import mangle_database
from tests.fuzz.tables import mangled_parquet

DATA = "data/datasets/practice/v5.3"
LIVE = f"../home/{DATA}/live.parquet"
PREDICT = ["predict", "--output", "out.csv", "--data", LIVE, "--json"]
TRAIN = ["train", "--force", "--json"]
VALIDATE = ["validate", "--eras", "0049-0060", "--json"]
LINES = ".jsonl"
MODELS = ["models", "--local", "--json"]


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    spoil: change something in a home or the current folder; the words of the command that meets it
    surroundings: what stands around all inputs of one process
    """

    name: str
    spoil: Callable[[Path, random.Random], list[str]]
    surroundings: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext()


def _live(home: Path, chance: random.Random) -> list[str]:
    sound = (home / DATA / "live.parquet").read_bytes()
    Path("mine.parquet").write_bytes(mangled_parquet(sound, chance))
    return ["predict", "--data", "mine.parquet", "--output", "out.csv", "--json"]


def _training(home: Path, chance: random.Random) -> list[str]:
    name, words = chance.choice([("train", TRAIN), ("train", TRAIN), ("validation", VALIDATE)])
    path = home / DATA / f"{name}.parquet"
    path.write_bytes(mangled_parquet(path.read_bytes(), chance))
    _unrecord(home)
    return words


def _unrecord(home: Path) -> None:
    """The ledger knows of no download: what lies there was put there by somebody."""
    with closing(sqlite3.connect(home / "data/ledger.sqlite")) as connection, connection:
        connection.execute("DELETE FROM files")


def _predictions(home: Path, chance: random.Random) -> list[str]:
    [sound] = (home / "data/predictions/practice").glob("0*/*.parquet")
    name = chance.choice(["mine.parquet", "mine.csv"])
    if name == "mine.parquet":
        Path(name).write_bytes(mangled_parquet(sound.read_bytes(), chance))
    else:
        import pyarrow.parquet as pq

        text = pq.read_table(sound).to_pandas().to_csv(index=False)
        mangled = mangled_text(text, chance).encode("utf-8", "surrogatepass")
        Path(name).write_bytes(mangled if chance.random() < 0.7 else mangled_bytes(mangled, chance))
    return chance.choice(
        [
            ["submit", name, "--dry-run", "--json"],
            ["neutralize", name, "--features", "small", "--json"],
            ["validate", name, "--json"],
        ]
    )


def _json_files(home: Path, chance: random.Random) -> list[str]:
    pattern, commands = chance.choice(_JSON_FILES)
    path = chance.choice(sorted(home.glob(pattern)))
    sound = path.read_bytes()
    if path.suffix == LINES:  # one object a line
        lines = sound.splitlines(keepends=True)
        at = chance.randrange(len(lines))
        lines[at] = mangled_json(lines[at], chance)
        path.write_bytes(b"".join(lines))
    else:
        path.write_bytes(mangled_json(sound, chance))
    return list(chance.choice(commands))


_ROUNDS = ["rounds", "--json"]
_STATUS = ["practice", "status", "--json"]
_JSON_FILES = (
    (f"{DATA}/features.json", [TRAIN, ["neutralize", "--features", "small", "--json", "none.csv"]]),
    ("data/models/practice/*/*/model.json", [MODELS, PREDICT, PREDICT]),
    ("data/practice/world/world.json", [_STATUS, _ROUNDS]),
    ("data/practice/*.json", [_STATUS, _ROUNDS]),
    ("cache/binned/practice/*.json", [TRAIN]),
    ("data/predictions/practice/validation/*.json", [["submit", "--dry-run", "--json"]]),
    (f"log/*{LINES}", [["log", "--json"]]),
)


def _settings(home: Path, chance: random.Random) -> list[str]:
    path = home / "config/numeri.toml"
    text = mangled_text(path.read_text(), chance).encode("utf-8", "surrogatepass")
    path.write_bytes(text if chance.random() < 0.8 else mangled_bytes(text, chance))
    return list(chance.choice([MODELS, PREDICT, ["schedule", "show", "--json"]]))


def _booster(home: Path, chance: random.Random) -> list[str]:
    """A model's text; mostly its contract and the ledger are changed so that they agree with it."""
    [path] = (home / "data/models/practice/lighthouse").glob("*/model.json")
    contract = json.loads(path.read_text())
    member = path.parent / contract["members"][0]["file"]
    mangled = mangled_text(member.read_text(), chance).encode()
    member.write_bytes(mangled)
    if chance.random() < 0.95:
        contract["members"][0]["digest"] = hashlib.sha256(mangled).hexdigest()
        path.write_text(json.dumps(contract))
    return PREDICT


def _cache(home: Path, chance: random.Random) -> list[str]:
    path = chance.choice(sorted((home / "cache/binned/practice").glob("*.*")))
    mangle = mangled_json if path.suffix == ".json" else mangled_bytes
    path.write_bytes(mangle(path.read_bytes(), chance))
    return TRAIN


def _ledger(home: Path, chance: random.Random) -> list[str]:
    mangle_database(home / "data/ledger.sqlite", chance)
    return list(chance.choice(_OF_THE_LEDGER))


_OF_THE_LEDGER = (
    *[[name, "--json"] for name in ("submissions", "payouts", "stakes", "scores", "account")],
    *[[name, "--json"] for name in ("submissions", "payouts", "rounds", "status", "clean")],
    MODELS,
    PREDICT,
    PREDICT,
    ["run", "--json"],
)


def _answers(home: Path, chance: random.Random) -> list[str]:
    return question(home, chance)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("live", _live),
        Kind("training", _training),
        Kind("predictions", _predictions),
        Kind("json", _json_files),
        Kind("settings", _settings),
        Kind("booster", _booster),
        Kind("cache", _cache),
        Kind("ledger", _ledger),
        Kind("answers", _answers, mangled_answers),
    )
}
