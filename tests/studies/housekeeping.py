"""How large a home becomes over many rounds: real runs of five models, each round a week older.

python tests/studies/housekeeping.py [--rounds 80] [--json FILE]
After every round each file of the home is made a week older, so that what goes by age goes. The
practice tournament's own world is not counted: it is the server's.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numeri_cli.cli.app import main
from tests.support.tournaments import fresh_tournament

MODELS = ("lighthouse", "beacon", "harbour", "quay", "mole")
RETRAINED_EVERY = 20  # rounds: ten times in two hundred
WEEK_SECONDS = 7 * 86_400
MODEL = """
[models.{name}]
features = "small"
targets = ["target_ender_20"]

[models.{name}.estimator]
params = {{ n_estimators = 20, learning_rate = 0.1, max_depth = 3, min_data_in_leaf = 50 }}
"""


def called(*words: str) -> None:
    """Call the program; its words are not shown."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(list(words))
    if code:
        raise SystemExit(f"numeri {' '.join(words)} ended with {code}: {out.getvalue()}")


def sizes(home: Path) -> dict[str, int]:
    """Bytes by folder, without the world of the tournament."""
    found: Counter[str] = Counter()
    for path in home.rglob("*"):
        parts = path.relative_to(home).parts
        if path.is_file() and parts[:2] != ("data", "practice"):
            found["/".join(parts[: 2 if parts[0] == "data" else 1])] += path.stat().st_size
    return dict(sorted(found.items()))


def aged(home: Path) -> None:
    """Make every file and folder a week older."""
    for path in [*home.rglob("*"), home]:
        with contextlib.suppress(OSError):
            moment = path.stat().st_mtime - WEEK_SECONDS
            os.utime(path, (moment, moment))


def played(home: Path, *, rounds: int) -> Iterator[dict[str, int]]:
    """The sizes after each round."""
    for number in range(rounds):
        if number:
            called("practice", "advance", "--quiet")
        called("run", "--train", "--quiet")
        if number % RETRAINED_EVERY == RETRAINED_EVERY - 1:
            called("retrain", *MODELS, "--quiet")
        aged(home)
        yield sizes(home)


@contextmanager
def in_a_home() -> Iterator[Path]:
    """A home and a folder of its own with a profile of five models."""
    with tempfile.TemporaryDirectory() as root, contextlib.chdir(root):
        home = Path(root) / "home"
        os.environ["NUMERI_HOME"] = str(home)
        Path("numeri.toml").write_text(
            'tournament = "practice"\n' + "".join(MODEL.format(name=name) for name in MODELS)
        )
        tournament = fresh_tournament(home / "data" / "practice")
        for name in MODELS[3:]:  # it has the others already
            tournament.add_model(name)
        tournament.close()
        yield home


def summary(measured: list[dict[str, int]]) -> dict[str, object]:
    """The first size, and the largest ones between two retrainings, in all and by folder."""
    blocks = [
        measured[start : start + RETRAINED_EVERY]
        for start in range(0, len(measured), RETRAINED_EVERY)
    ]
    return {
        "rounds": len(measured),
        "models": len(MODELS),
        "first_bytes": sum(measured[0].values()),
        "largest_bytes_between_retrainings": [
            max(sum(one.values()) for one in block) for block in blocks
        ],
        "largest_bytes_by_folder": {
            name: [max(one.get(name, 0) for one in block) for block in blocks]
            for name in measured[-1]
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=80)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with in_a_home() as place:
        result = summary(list(played(place, rounds=asked.rounds)))
    text = json.dumps(result, indent=2)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n")
