"""A file of 300 MB: each connection limited to 10 MB/s, a line of 125 MB/s, no change.

    python tests/benchmarks/download.py [--json] [--scale small]

The peer is `NumerAPI.download_dataset`, as numerapi's README shows it. It does not sync what
it writes; ours does, reads the parquet footer, and tells the ledger. The server runs in
a process of its own; `body_bytes` and `requests` are what it counted.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.file_server import COUNTED
from tests.benchmarks.measure import Case, Figures, Outputs, Side, main

MEGABYTES = {"default": 300, "v5.3": 3_800, "small": 40}
REFERENCE = 'numerapi 3.1.1 README: napi.download_dataset("v4/train.parquet", "train.parquet")'
OUR_IMPORTS = (
    "certifi",
    "httpcore",
    "numeri_cli.api.client",
    "numeri_cli.commands.data_files",
    "numeri_cli.ledger.ledger",
    "pyarrow.parquet",
)
PEER_IMPORTS = ("numerapi",)


@dataclass(frozen=True)
class Site:
    """A server, how to reach it, and where the file goes.

    server: ends when this process does, with its standard input
    before: what it had counted when the work began
    """

    server: subprocess.Popen[bytes]
    address: str
    folder: Path
    name: str
    before: dict[str, int]

    def counted(self) -> dict[str, int]:
        """What the server has served."""
        return _counted(self.address)


def source_file(megabytes: int) -> Path:
    """A parquet file of that size that nothing can compress; made once, kept."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(tempfile.gettempdir()) / "numeri-benchmark-files"
    path = folder / f"random-{megabytes}.parquet"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        random = np.random.default_rng(megabytes)
        part = path.with_suffix(".part")
        schema = pa.schema({"values": pa.int64()})
        with pq.ParquetWriter(part, schema, compression="none", use_dictionary=False) as writer:
            for _ in range(megabytes):
                values = random.integers(0, 2**62, 125_000)
                writer.write_table(pa.table({"values": values}))
        part.rename(path)
    return path


def make_file(megabytes: int, _: Path) -> None:
    """Before anything is measured."""
    source_file(megabytes)


def load(megabytes: int, way: str, fetched: Callable[[Site], Outputs] | None, folder: Path) -> Site:
    """Start the server; nothing of the file is here, or with `fetched` all of it."""
    source = source_file(megabytes)
    _digest(source)  # so that the server's side is in memory, for either contestant
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("file_server.py")), str(source.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    address = json.loads(server.stdout.readline())[way]
    mine = Path(tempfile.mkdtemp(dir=folder))
    site = Site(server, address, mine, f"v5.3/{source.name}", {})
    if fetched is not None:
        fetched(site)
    os.sync()  # what others wrote is not for us to wait for
    site.before.update(site.counted())
    return site


def ours(site: Site) -> Outputs:
    """As `numeri download` does it: fetched, checked, synced, entered into the ledger."""
    from numeri_cli.api.client import Client
    from numeri_cli.commands import data_files
    from numeri_cli.home import Home
    from numeri_cli.ledger.ledger import Ledger

    places = (site.folder / name for name in ("config", "data", "cache", "log"))
    home = Home(*places)
    with Client(site.address) as client, Ledger.open(home.ledger) as ledger:
        data_files.download(client, ledger, home=home, tournament="benchmark", names=[site.name])
    return {}


def peer(site: Site) -> Outputs:
    """As the README has it, without its progress bar."""
    import numerapi
    import numerapi.base_api

    numerapi.base_api.API_TOURNAMENT_URL = site.address
    napi = numerapi.NumerAPI(verbosity="ERROR", show_progress_bars=False)  # type: ignore[no-untyped-call]
    napi.download_dataset(site.name, str(site.folder / "train.parquet"))
    return {}


def proof(site: Site) -> Outputs:
    """The digest of the one parquet file that came."""
    [path] = site.folder.rglob("*.parquet")
    return {"digest": np.frombuffer(_digest(path), dtype=np.uint8)}


def figures(site: Site) -> Figures:
    """What the server has counted since the work began."""
    return {key: float(now - site.before[key]) for key, now in site.counted().items()}


def _counted(address: str) -> dict[str, int]:
    with urllib.request.urlopen(address + COUNTED) as answer:  # noqa: S310  # our own server
        found: dict[str, int] = json.load(answer)
    return found


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def cases(scale: str) -> Sequence[Case]:
    """Limited connections, a fast line, unchanged."""
    size = MEGABYTES[scale]

    def case(name: str, way: str, *, repeats: int, bound: dict[str, Any], again: bool) -> Case:
        def side(work: Callable[[Site], Outputs], imports: tuple[str, ...]) -> Side:
            start = partial(load, size, way, work if again else None)
            return Side(start, work, imports, proof, figures)

        return Case(
            f"{size} MB {name}",
            ours=side(ours, OUR_IMPORTS),
            peer=side(peer, PEER_IMPORTS),
            inputs=partial(make_file, size),
            repeats=repeats,
            memory_above="imports",
            reference=REFERENCE,
            remarks={"bound": bound},
        )

    return [
        case("limited", "limited", repeats=1, bound={"ratio_wall_at_least": 3.5}, again=False),
        case("gigabit", "gigabit", repeats=5, bound={"ratio_wall_at_least": 0.87}, again=False),
        case("unchanged", "open", repeats=3, bound={"body_bytes": 0}, again=True),
    ]


if __name__ == "__main__":
    main(cases)
