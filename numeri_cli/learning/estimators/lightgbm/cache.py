"""Binned data kept on disk: the second training starts at the disk's speed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numeri_cli.dataset.features import features_digest
from numeri_cli.files import atomic_path, digest_file, disk_errors, is_running, write_text
from numeri_cli.learning.estimators.lightgbm.binned import (
    binning_parameters,
    dataset_parameters,
)
from numeri_cli.learning.estimators.lightgbm.parameters import lgb
from numeri_cli.learning.estimators.lightgbm.shelf import (
    BinnedEntry,
    binned_entries,
    binned_entry,
    json_object,
)
from numeri_cli.learning.rows import Rows

LIMIT_BYTES = 40 * 10**9
DIGESTS = "digests.json"


@dataclass(frozen=True)
class BinnedCache:
    """The folder of binned files; any of them may be deleted at any time.

    limit_bytes: together they stay below it, least recently used goes first
    """

    folder: Path
    limit_bytes: int = LIMIT_BYTES

    def key(
        self,
        rows: Rows,
        features: Sequence[str],
        params: Mapping[str, Any],
        *,
        missing_twos: str,
    ) -> str:
        """What a binned file depends on: files, rows, features, bins, LightGBM; not the target."""
        parts = {
            "rows": rows.digest(),
            "features": features_digest(features),
            "bins": binning_parameters(params),
            "missing_twos": missing_twos,
            "lightgbm": lgb.__version__,
        }
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def load(self, key: str, params: Mapping[str, Any]) -> lgb.Dataset | None:
        """The Dataset kept under this key; None where there is none, or no sound one."""
        path = self._binned(key)
        entry = binned_entry(path)
        if entry is None:
            return None
        if path.stat().st_size == entry.size_bytes:
            try:
                kept = lgb.Dataset(str(path), params=dataset_parameters(params)).construct()
            except lgb.basic.LightGBMError:
                kept = None
            if kept is not None and kept.num_data() == entry.rows:
                with disk_errors(path):
                    os.utime(path)
                return kept
        self._remove(path)
        return None

    def keep(self, key: str, binned: lgb.Dataset) -> None:
        """Write a Dataset, then drop the least recently used beyond the limit.

        Raises DiskFull and its like; the folder is as before then.
        """
        path = self._binned(key)
        with atomic_path(path) as temporary:
            temporary.unlink()  # LightGBM does not write over a file
            binned.save_binary(temporary)
            if not temporary.exists():
                raise OSError(None, "LightGBM could not write it")
            size = temporary.stat().st_size
        entry = BinnedEntry(key, binned.num_data(), binned.num_feature(), size, 0.0)
        write_text(path.with_suffix(".json"), json.dumps(asdict(entry)))
        self._shrink(keep=path)

    def entries(self) -> tuple[BinnedEntry, ...]:
        """What is kept, most recently used first."""
        return binned_entries(self.folder)

    def digest_of(self, path: Path) -> str:
        """SHA-256 of a data file; remembered for as long as its size and time stay the same."""
        with disk_errors(path):
            status = path.stat()
        stamp = f"{path.absolute()}|{status.st_size}|{status.st_mtime_ns}|{status.st_ino}"
        book = self.folder / DIGESTS
        known = json_object(book)
        if stamp not in known:
            known = {name: digest for name, digest in known.items() if "|" in name}
            known[stamp] = digest_file(path)
            write_text(book, json.dumps(dict(list(known.items())[-200:])))
        return str(known[stamp])

    def _binned(self, key: str) -> Path:
        return self.folder / f"{key}.bin"

    def _shrink(self, keep: Path) -> None:
        for part in self.folder.glob(".*.part"):
            if not is_running(part.name.split(".")[-2]):
                part.unlink(missing_ok=True)  # its writer was killed
        total = 0
        for path in sorted(self.folder.glob("*.bin"), key=_used, reverse=True):
            total += path.stat().st_size
            if total > self.limit_bytes and path != keep:
                self._remove(path)

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)


def _used(path: Path) -> float:
    return path.stat().st_mtime
