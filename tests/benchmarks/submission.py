"""From "the round opens" to "accepted": 7,000 live rows × 780 features, a model of 2,000 trees.

    python tests/benchmarks/submission.py [--json] [--scale small]

`numeri run` in a process of its own against the practice tournament on a socket, as cron starts it
when the round is open; and started before it opens, with a neutralized model. `requests` are those
since the opening, `polls` those before it, `gap_s` the shortest time between two of these. The
peer is what numerapi's README and Numerai's example notebook show: it neither checks nor confirms.
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
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.measure import Case, Figures, Outputs, Side, main
from tests.support.counting_server import COUNTED

MODEL = "lighthouse"
HERE = Path(__file__).parent
REFERENCE = (
    "numerapi 3.1.1 README, upload_predictions; numerai/example-scripts, hello_numerai.ipynb"
)
SECONDS_BEFORE = 35.0
NEUTRALIZED = f'[models.{MODEL}.neutralize]\nfeatures = "all"\nproportion = {{}}\n'


@dataclass(frozen=True)
class Size:
    """Of the world, and of the model."""

    stocks: int
    features: int
    trees: int

    def settings(self) -> Any:
        """No longer a history than training takes."""
        from numeri_cli.practice.market.universe import WorldSettings

        return WorldSettings(seed=1, stocks=self.stocks, eras=40, features=self.features, rivals=2)

    def profile(self) -> str:
        """The tutorial's parameters on all features."""
        return (
            f'[models.{MODEL}]\nfeatures = "all"\ntargets = ["target_ender_20"]\nera_stride = 4\n'
            f"[models.{MODEL}.estimator]\nparams = {{ n_estimators = {self.trees},"
            " learning_rate = 0.01, max_depth = 5, num_leaves = 31, colsample_bytree = 0.1 }\n"
        )


SIZES = {
    "default": Size(7_000, 780, 2_000),
    "v5.3": Size(7_000, 780, 2_000),
    "small": Size(300, 60, 50),
}


@dataclass
class Site:
    """A participant before the round. `server` ends with this process, as its input does then."""

    server: subprocess.Popen[bytes]
    folder: Path
    said: dict[str, Any]
    ended: float = 0.0
    peak_mb: float = field(default=0.0)

    def environment(self) -> dict[str, str]:
        """What points a program here."""
        return os.environ | {
            "NUMERI_HOME": str(self.folder / "home"),
            "NUMERI_API_URL": self.said["address"],
            "NUMERAI_PUBLIC_ID": self.said["public_id"],
            "NUMERAI_SECRET_KEY": self.said["secret"],
            "PYTHONPATH": str(HERE.parents[1]),
        }

    def run(self, *words: str) -> None:
        """A weighed process of its own, in this folder; must end well."""
        note = self.folder / "peak"
        command = [sys.executable, str(HERE / "weighed.py"), str(note), *words]
        with (self.folder / "said").open("wb") as said:
            done = subprocess.run(
                command, cwd=self.folder, env=self.environment(), stdout=said, check=False
            )
        self.ended = time.monotonic()
        if done.returncode:
            sys.exit((self.folder / "said").read_text())
        self.peak_mb = float(note.read_text())

    def seen(self) -> list[tuple[str, float]]:
        """Every request, and when."""
        with urllib.request.urlopen(self.said["address"] + COUNTED) as answer:  # noqa: S310  # ours
            found: list[tuple[str, float]] = json.load(answer)
        return found


def start(folder: Path, port: int, *more: str) -> Site:
    """Serve the tournament in `folder`."""
    script = str(HERE.parent / "support" / "counting_server.py")
    server = subprocess.Popen(
        [sys.executable, script, str(folder / "practice"), str(port), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )
    assert server.stdout is not None
    return Site(server, folder, json.loads(server.stdout.readline()))


def prepare(size: Size, folder: Path) -> None:
    """A tournament, and a home with a trained model; the port stays, since a home is for one."""
    from tests.support.tournaments import template

    first = folder / "first"
    first.mkdir()
    _copy_world(template(settings=size.settings()), first / "practice")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "port").write_text(str(port))
    (first / "numeri.toml").write_text(size.profile())
    site = start(first, port)
    site.run("-m", "numeri_cli", "train", "--json")
    assert site.server.stdin is not None
    site.server.stdin.close()
    site.server.wait()
    for path in first.rglob("train.parquet"):
        if path.is_relative_to(first / "home"):
            path.unlink()
    shutil.rmtree(first / "home" / "cache", ignore_errors=True)


def load(name: str, seconds_before: float | None, folder: Path) -> Site:
    """A copy of it all for one contestant, and the server."""
    mine = folder / name
    shutil.rmtree(mine, ignore_errors=True)
    mine.mkdir()
    _copy_world(folder / "first" / "practice", mine / "practice")
    shutil.copytree(folder / "first" / "home", mine / "home")
    shutil.copy(folder / "first" / "numeri.toml", mine)
    with (mine / "numeri.toml").open("a") as profile:
        profile.write(NEUTRALIZED.format(0.0 if seconds_before is None else 0.5))
    os.sync()
    more = () if seconds_before is None else (str(seconds_before),)
    return start(mine, int((folder / "port").read_text()), *more)


def ours(site: Site) -> Outputs:
    """As cron does it."""
    site.run("-m", "numeri_cli", "run", "--json", "--wait", "50m")
    [model] = json.loads((site.folder / "said").read_text())["data"]["models"]
    if (model["state"], model["timing"]) != ("accepted", "on-time"):
        sys.exit(f"not accepted on time: {model}")
    return {}


def peer(site: Site) -> Outputs:
    """The example's loop, with the same model."""
    [model] = site.folder.glob(f"home/data/models/*/{MODEL}/*/*.txt")
    words = (str(HERE / "example_submission.py"), site.said["address"], str(model), MODEL)
    site.run(*words)
    return {}


def proof(site: Site) -> Outputs:
    """What the server holds: every id, in order, and the rank of its prediction."""
    import pandas as pd

    [path] = (site.folder / "practice" / "submissions").iterdir()
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    table = table.sort_values("id")
    ids = "".join(table["id"]).encode()
    return {
        "ids": np.frombuffer(ids, dtype=np.uint8),
        "ranks": table["prediction"].rank().to_numpy(),
    }


def figures(site: Site) -> Figures:
    """Requests before and since the opening; the process's own peak, from its very start."""
    opened = float(site.said["opened"])
    seen = site.seen()
    polls = [at for _, at in seen if at < opened]
    if os.environ.get("NUMERI_BENCHMARK_VERBOSE"):
        for what, at in seen:
            print(f"{at - opened:8.2f} s  {what}", file=sys.stderr)
    found = {
        "peak_mb": site.peak_mb,
        "requests": float(len(seen) - len(polls)),
        "downloads": float(sum(what.startswith("GET") for what, _ in seen)),
    }
    if polls:
        gaps = [round(after - before, 2) for before, after in pairwise(polls)]
        found |= {"polls": float(len(polls)), "gap_s": min(gaps)}
        found["since_opening_s"] = round(site.ended - opened, 2)
    return found


def _copy_world(source: Path, target: Path) -> None:
    """Large files of a world are never changed in place: links to them will do."""

    def copy(one: str, other: str) -> str:
        if one.endswith((".parquet", ".npy")):
            os.link(one, other)
        else:
            shutil.copy2(one, other)
        return other

    shutil.copytree(source, target, copy_function=copy)


def cases(scale: str) -> Sequence[Case]:
    """Started in the open round, and started before."""
    size = SIZES[scale]
    what = f"{size.stocks:,} x {size.features}, {size.trees:,} trees"

    def case(name: str, seconds_before: float | None, *, with_peer: bool) -> Case:
        def side(who: str, work: Any) -> Side:
            return Side(partial(load, who, seconds_before), work, (), proof, figures)

        return Case(
            f"{name}, {what}",
            ours=side("ours", ours),
            peer=side("peer", peer) if with_peer else None,
            inputs=partial(prepare, size),
            repeats=1,
            reference=REFERENCE,
            remarks={"bound": {"peak_mb": 700, "requests": 12, "gap_s_at_least": 10}},
        )

    return [
        case("open", None, with_peer=True),
        case("waiting", SECONDS_BEFORE, with_peer=False),
    ]


if __name__ == "__main__":
    main(cases)
