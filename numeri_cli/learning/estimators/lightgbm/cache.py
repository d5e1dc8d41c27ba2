"""Binned data kept on disk: the second training starts at the disk's speed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numeri_cli.dataset.features import features_digest
from numeri_cli.files import atomic_path, disk_errors
from numeri_cli.learning.cached_data import (
    SUFFIX,
    read_note,
    remove,
    shrink,
    write_note,
)
from numeri_cli.learning.estimators.lightgbm.binned import (
    binning_parameters,
    dataset_parameters,
)
from numeri_cli.learning.estimators.lightgbm.library import lgb
from numeri_cli.learning.rows import Rows

LIMIT_BYTES = 40 * 10**9


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
        path = self._path(key)
        entry = read_note(path)
        if entry is None:
            return None
        # the library believes what such a file says of itself: a changed bit ends the process
        with disk_errors(path):
            is_whole = entry.is_whole(path)
        if is_whole:
            try:
                kept = lgb.Dataset(str(path), params=dataset_parameters(params)).construct()
            except lgb.basic.LightGBMError:
                kept = None
            if kept is not None and kept.num_data() == entry.rows:
                with disk_errors(path):
                    os.utime(path)
                return kept
        remove(path)
        return None

    def keep(self, key: str, binned: lgb.Dataset) -> None:
        """Write a Dataset, then drop the least recently used beyond the limit.

        Raises DiskFull and its like; the folder is as before then.
        """
        path = self._path(key)
        with atomic_path(path) as temporary:
            temporary.unlink()  # LightGBM does not write over a file
            try:
                binned.save_binary(temporary)
            except lgb.basic.LightGBMError as error:  # as on a full disk
                raise OSError(None, "LightGBM could not write it") from error
            if not temporary.exists():
                raise OSError(None, "LightGBM could not write it")
        write_note(path, rows=binned.num_data(), features=binned.num_feature())
        shrink(self.folder, limit_bytes=self.limit_bytes, keep=path)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"
