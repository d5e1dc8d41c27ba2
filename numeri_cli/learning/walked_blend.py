"""The out-of-sample predictions of a blend: those of its parts' backtests, blended era by era."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.dataset.eras import sort_eras
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.errors import FileMissing, UsageProblem
from numeri_cli.files import disk_errors, safe_name
from numeri_cli.learning.backtest import join_files
from numeri_cli.learning.blend import BlendModel
from numeri_cli.learning.neutralizing import files_of, resolved
from numeri_cli.learning.prediction import predict_file
from numeri_cli.learning.workspace import Workspace
from numeri_cli.locks import held_lock
from numeri_cli.model_spec import Neutralization
from numeri_cli.progress import SILENT, Listener


@dataclass(frozen=True)
class WalkedBlend:
    """Predictions with columns id, era, prediction, of every era that all parts predict."""

    path: Path
    rows: int
    eras: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BlendOfWalks:
    """A blend whose parts were backtested.

    shares: by part, above 0
    data: the files that any part is trained on, such as ("train", "validation")
    neutralization: of the blend itself, as the profile has it; None where nothing is taken out
    """

    name: str
    workspace: Workspace
    shares: Mapping[str, float]
    data: tuple[str, ...]
    neutralization: Neutralization | None

    @property
    def files(self) -> tuple[Path, ...]:
        """The data files, in their order."""
        return tuple(self.workspace.dataset / f"{name}.parquet" for name in self.data)

    def backtests(self) -> dict[str, Path]:
        """The parts' own predictions. Raises FileMissing naming the parts that have none."""
        found = {part: self.workspace.backtest(part) for part in self.shares}
        absent = [part for part, path in found.items() if not path.is_file()]
        if absent:
            are = "parts" if absent[1:] else "a part"
            raise FileMissing(
                f"{self.name} cannot be scored out of sample: {' and '.join(absent)}, {are} of it,"
                f" {'have' if absent[1:] else 'has'} not been backtested",
                hint=f"`numeri backtest {self.name}` walks its parts forward",
            )
        return found

    def mark(self) -> str:
        """Changes with whatever the predictions depend on. Raises FileMissing."""
        wanted = resolved(self.neutralization, self.workspace.feature_file)
        beside = [path for file in self.files for path in files_of(wanted, file) if path.is_file()]
        read = [*self.backtests().values(), *self.files, *beside]
        marks = [repr(dict(self.shares)), repr(wanted), *map(self.workspace.digest_of, read)]
        return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16]

    def write(self, *, listener: Listener = SILENT) -> WalkedBlend:
        """Blend what the parts' backtests predict, and neutralize that as the profile has it.

        Eras that not every part predicts are left out, and counted.
        Raises FileMissing where a part has no backtest, UsageProblem where no era is predicted by
        all, PredictionsIds where a part lacks an id, and what reading the data raises.
        """
        found = self.backtests()
        output = self.workspace.backtest(self.name)
        folder = output.parent / f".backtest-{safe_name(self.name)}-{self.mark()}"
        with held_lock(self.workspace.lock(self.name), what=f"a backtest of {self.name}"):
            eras = self._shared_eras(found, listener)
            with disk_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
            try:
                parts = self._written(found, eras, folder, listener)
                rows = join_files(parts, output)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        return WalkedBlend(output, rows, eras)

    def _shared_eras(self, found: Mapping[str, Path], listener: Listener) -> tuple[str, ...]:
        """The eras that every part predicts and a data file has, in order of time."""
        known = {era for file in self.files for era in DataFile.open(file).eras().names}
        walked = [set(DataFile.open(path).eras().names) for path in found.values()]
        shared = sort_eras(set.intersection(known, *walked))
        if not shared:
            raise UsageProblem(
                f"no era of {' and '.join(self.data)} is predicted by the backtests of all parts of"
                f" {self.name}",
                hint=f"`numeri backtest {self.name}` walks them forward over the same eras",
            )
        left_out = len(set.union(*walked)) - len(shared)
        if left_out:
            listener.say(f"{self.name}: {left_out} eras that not every part predicts are left out")
        return shared

    def _written(
        self,
        found: Mapping[str, Path],
        eras: Sequence[str],
        folder: Path,
        listener: Listener,
    ) -> list[Path]:
        """A file of blended predictions for each data file that has any of these eras."""
        columns = tuple(read_predictions(path, name=part) for part, path in found.items())
        wanted = resolved(self.neutralization, self.workspace.feature_file)
        written = []
        for file in self.files:
            data = DataFile.open(file)
            here = set(data.eras().names)
            chosen = [era for era in eras if era in here]
            if not chosen:
                continue
            output = folder / file.name
            model = BlendModel(self.name, columns, self.shares, verb="backtest")
            predict_file(
                model,
                data,
                output,
                neutralization=wanted,
                eras=chosen,
                with_era=True,
                listener=listener,
            )
            written.append(output)
        return written
