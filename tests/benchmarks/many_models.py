"""Many models in one round, against a server that takes eight seconds to settle a submission.

    python tests/benchmarks/many_models.py [--json] [--scale small]
        [--case "60 models, an open round" | --case "150 models, 15 minutes left"]

`numeri run` in a process of its own against the practice tournament behind a front on a socket
(tests/support/front.py), which keeps the published limits. `requests` are those of a model,
polls and downloads included; `peak_of_one` is the peak of a run with one model; `on_time` counts
the models that the server holds, on time and selected. In the case of the window its clock runs,
and the round closes 15 minutes after the start. The peer is numerapi's loop over the same models:
it uploads, and looks at nothing afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.measure import Case, Figures, Outputs, Side, main

HERE = Path(__file__).parent
COUNTED = "/counted"
REFERENCE = "numerapi 3.1.1 README, upload_predictions, once for each model"
SETTLE_SECONDS = 8.0
WINDOW_SECONDS = 900.0
GOALS = {"seconds_of_60": 60, "requests": 5, "peak_of_one": 1.3, "on_time_of_150": 150}
TREES = 3


@dataclass(frozen=True)
class Size:
    """Of the world, and how many models it is tried with."""

    stocks: int
    features: int
    models: int
    models_in_window: int

    def settings(self) -> Any:
        """No longer a history than training takes."""
        from numeri_cli.practice.market.universe import WorldSettings

        return WorldSettings(seed=1, stocks=self.stocks, eras=40, features=self.features, rivals=2)


SIZES = {
    "default": Size(2_000, 120, 60, 150),
    "v5.3": Size(7_000, 780, 60, 150),
    "small": Size(150, 24, 6, 6),
}


def names(count: int) -> list[str]:
    """Of the models, as the account has them."""
    return [f"model_{number:03}" for number in range(count)]


def profile(count: int) -> str:
    """Small models that differ in their seed."""
    return "\n".join(
        f'[models.{name}]\nfeatures = "small"\ntargets = ["target_ender_20"]\nera_stride = 4\n'
        f"seeds = [{number}]\n[models.{name}.estimator]\nparams = {{ n_estimators = {TREES},"
        " learning_rate = 0.1, max_depth = 3, colsample_bytree = 0.5, min_data_in_leaf = 50 }\n"
        f'[models.{name}.neutralize]\nfeatures = "all"\nproportion = 0.0\n'
        for number, name in enumerate(names(count))
    )


@dataclass
class Place:
    """A participant before the round. `server` ends with this process, as its input does then."""

    server: subprocess.Popen[bytes]
    folder: Path
    said: dict[str, Any]
    models: int
    began: float = 0.0
    peak_mb: float = field(default=0.0)
    peak_of_one_mb: float = field(default=0.0)

    def environment(self) -> dict[str, str]:
        """What points a program here."""
        return os.environ | {
            "NUMERI_HOME": str(self.folder / "home"),
            "NUMERI_API_URL": self.said["address"],
            "NUMERAI_PUBLIC_ID": self.said["public_id"],
            "NUMERAI_SECRET_KEY": self.said["secret"],
            "PYTHONPATH": str(HERE.parents[1]),
        }

    def run(self, *words: str) -> int:
        """A weighed process of its own, in this folder; its exit code."""
        note = self.folder / "peak"
        command = [sys.executable, str(HERE / "weighed.py"), str(note), *words]
        with (self.folder / "said").open("wb") as said:
            done = subprocess.run(
                command, cwd=self.folder, env=self.environment(), stdout=said, check=False
            )
        self.peak_mb = float(note.read_text())
        return done.returncode

    def passed(self) -> list[dict[str, Any]]:
        """Every request of this contestant."""
        with urllib.request.urlopen(self.said["address"] + COUNTED) as answer:  # noqa: S310  # ours
            found: list[dict[str, Any]] = json.load(answer)
        return [one for one in found if one["at"] >= self.began]


def start(folder: Path, models: int, *more: str) -> Place:
    """Serve the tournament in `folder`, at the port that its home is for."""
    port = (folder / "port").read_text()
    words = (str(folder / "practice"), "--port", port, *more)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.front_server", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )
    assert server.stdout is not None
    return Place(server, folder, json.loads(server.stdout.readline()), models)


def prepare(size: Size, count: int, folder: Path) -> None:
    """A tournament with so many models, and a home where they are trained."""
    from numeri_cli.practice.tournament import Tournament
    from tests.support.tournaments import template

    first = folder / "first"
    first.mkdir()
    shutil.copytree(template(settings=size.settings()), first / "practice")
    tournament = Tournament.open(first / "practice")
    for name in names(count):
        tournament.add_model(name)
    tournament.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        (first / "port").write_text(str(free.getsockname()[1]))
    (first / "numeri.toml").write_text(profile(count))
    place = start(first, count)
    if place.run("-m", "numeri_cli", "train", "--json"):
        sys.exit((first / "said").read_text())
    end(place)
    for path in (first / "home").rglob("*.parquet"):
        path.unlink()
    shutil.rmtree(first / "home" / "cache", ignore_errors=True)


def end(place: Place) -> None:
    """Let the server end."""
    assert place.server.stdin is not None
    place.server.stdin.close()
    place.server.wait()


def load(name: str, count: int, more: tuple[str, ...], folder: Path) -> Place:
    """A copy of it all for one contestant, and the server; what one model takes, for ours."""
    mine = folder / name
    shutil.rmtree(mine, ignore_errors=True)
    shutil.copytree(folder / "first", mine)
    peak = 0.0
    if name == "ours":
        alone = folder / "alone"
        shutil.rmtree(alone, ignore_errors=True)
        shutil.copytree(folder / "first", alone)
        (alone / "numeri.toml").write_text(profile(1))
        place = start(alone, 1)
        if place.run("-m", "numeri_cli", "run", "--json"):
            sys.exit((alone / "said").read_text())
        end(place)
        peak = place.peak_mb
    place = start(mine, count, "--settle", str(SETTLE_SECONDS), "--limits", *more)
    place.peak_of_one_mb = peak
    place.began = time.monotonic()
    return place


def ours(place: Place) -> Outputs:
    """As cron does it."""
    place.run("-m", "numeri_cli", "run", "--json")
    return {}


def peer(place: Place) -> Outputs:
    """numerapi's loop with the same boosters."""
    files = [
        str(path)
        for name in names(place.models)
        for path in place.folder.glob(f"home/data/models/*/{name}/*/*.txt")
    ]
    place.run(str(HERE / "example_loop.py"), place.said["address"], *files)
    return {}


def figures(place: Place) -> Figures:
    """Requests a model, memory, and what the server holds."""
    passed = place.passed()
    if os.environ.get("NUMERI_BENCHMARK_VERBOSE"):
        for one in passed:
            print(f"{one['at'] - place.began:8.2f} s  {one['what']}", file=sys.stderr)
    found = {
        "peak_mb": place.peak_mb,
        "requests": round(len(passed) / place.models, 2),
        "questions": round(sum(len(one["what"]) for one in passed) / place.models, 2),
        "refused_429": float(sum(one["status"] == 429 for one in passed)),
        "on_time": float(len(held(place))),
    }
    if place.peak_of_one_mb:
        found["peak_of_one"] = round(place.peak_mb / place.peak_of_one_mb, 2)
    return found


def held(place: Place) -> dict[str, Path]:
    """By model, the file that counts for the round and came on time."""
    from numeri_cli.practice.tournament import Tournament

    tournament = Tournament.open(place.folder / "practice")
    with tournament.store.reading() as connection:
        rows = connection.execute(
            "SELECT models.name, submissions.id, filename FROM submissions"
            " JOIN models ON models.id = model_id WHERE selected AND on_time"
            " AND filename IN (SELECT filename FROM uploads)"
        ).fetchall()
    found = {name: tournament.folders.submission(one, filename) for name, one, filename in rows}
    tournament.close()
    return found


def proof(place: Place) -> Outputs:
    """Of each model that is in: its ids in order, and the ranks of its predictions."""
    import pandas as pd

    outputs: dict[str, np.ndarray] = {}
    for name, path in held(place).items():
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        table = table.sort_values("id")
        outputs[f"{name} ids"] = np.frombuffer("".join(table["id"]).encode(), dtype=np.uint8)
        outputs[f"{name} ranks"] = table["prediction"].rank().to_numpy()
    return outputs


def cases(scale: str) -> Sequence[Case]:
    """In a long window, and 15 minutes before the close."""
    size = SIZES[scale]

    def case(name: str, count: int, more: tuple[str, ...]) -> Case:
        return Case(
            f"{count} models, {name}",
            ours=Side(partial(load, "ours", count, more), ours, (), proof, figures),
            peer=Side(partial(load, "peer", count, more), peer, (), proof, figures),
            inputs=partial(prepare, size, count),
            repeats=1,
            reference=REFERENCE,
            remarks={"settle_s": SETTLE_SECONDS, "goals": GOALS},
        )

    return [
        case("an open round", size.models, ()),
        case("15 minutes left", size.models_in_window, ("--window", str(WINDOW_SECONDS))),
    ]


if __name__ == "__main__":
    main(cases)
