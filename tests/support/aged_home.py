"""A home in which years of rounds pass, as runs leave it behind."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from numeri_cli.commands.clean import ROUNDS
from numeri_cli.commands.context import Context
from numeri_cli.home import Home
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.log import Log, Mask
from numeri_cli.records import Receipt
from tests.support.rounds import a_round

START = datetime(2026, 1, 3, 12, tzinfo=UTC)
MODELS = ("lighthouse", "beacon", "harbour", "quay", "mole")
PREDICTIONS, BOOSTER = bytes(20_000), bytes(100_000)


@dataclass
class Years:
    """A home in which rounds pass and models are trained, as runs leave it behind."""

    context: Context
    number: int = 0
    used: dict[int, dict[str, str]] = field(default_factory=dict)
    trained: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in MODELS})

    @property
    def home(self) -> Home:
        return self.context.home

    def train(self, model: str, day: float) -> None:
        moment = START + timedelta(days=day)
        name = f"{moment:%Y%m%dT%H%M%S%f}-{len(self.trained[model]):06x}"
        folder = self.home.models("practice") / model / name
        folder.mkdir(parents=True)
        (folder / "target-seed1.txt").write_bytes(BOOSTER)
        (folder / "model.json").write_text("{}")
        self.context.ledger.keep_model(
            TrainedModel(tournament="practice", model=model, artifact=name, digest="d", time=moment)
        )
        self.trained[model].append(name)

    def round(self, day: float) -> None:
        self.number += 1
        opens = START + timedelta(days=day)
        self.context.ledger.see_round("practice", a_round(self.number, opens=opens))
        folder = self.home.predictions("practice") / f"{self.number:04d}"
        folder.mkdir(parents=True)
        self.used[self.number] = {}
        log = Log(self.home.log, command="run", mask=Mask(), trouble=print)
        log.begin("numeri run")
        for model in MODELS:
            if self.trained[model]:
                self.used[self.number][model] = self.trained[model][-1]
                (folder / f"{model}.parquet").write_bytes(PREDICTIONS)
                entered(self.context.ledger, self.number, model, opens)
        log.end(0)
        with (self.home.log / "run.log").open("ab") as file:
            file.write(b"lighthouse   accepted, on-time      0.0257     0.99\n" * 400)

    def scored(self, model: str) -> None:
        """Predictions for the validation data of this round, made days ago."""
        name = f"{model}-{self.number:024x}.parquet"
        path = self.home.predictions("practice") / "validation" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(PREDICTIONS)
        moment = time.time() - (210 - self.number) * 12 * 3600
        os.utime(path, (moment, moment))

    def require_kept(self) -> None:
        """What the last rounds used is here, and so is the newest of every model."""
        for number in sorted(self.used)[-ROUNDS:]:
            for model, artifact in self.used[number].items():
                name = f"{number:04d}/{model}.parquet"
                assert (self.home.predictions("practice") / name).is_file()
                assert (self.home.models("practice") / model / artifact).is_dir()
        for model, names in self.trained.items():
            if names:
                assert (self.home.models("practice") / model / names[-1] / "model.json").is_file()

    def size(self) -> int:
        root = self.home.data.parent
        return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def entered(ledger: Ledger, number: int, model: str, moment: datetime) -> None:
    attempt = ledger.begin_attempt(
        "practice", round_number=number, model=model, digest="d" * 64, time=moment
    )
    ledger.accept(
        attempt,
        Receipt(
            tournament="practice", round_number=number, model=model,
            server_id=f"{model}-{number}", filename=f"{model}-{number}.parquet",
            prediction_digest="d" * 64, rows=7000, timing="on-time", time=moment, selected=True,
        ),
    )  # fmt: skip


def years(root: Path) -> Years:
    """An empty home with a profile of five models."""
    home = Home(*(root / part for part in ("config", "data", "cache", "log")))
    profile = root / "numeri.toml"
    root.mkdir(parents=True, exist_ok=True)
    profile.write_text('tournament = "practice"\n' + "".join(f"[models.{m}]\n" for m in MODELS))
    return Years(Context(home=home, asked_profile=profile))
