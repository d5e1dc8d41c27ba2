"""What scoring gives to Python: frames to work with, and the record that the command prints."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property

import pandas as pd

from numeri_cli.commands.backtest import BacktestRow
from numeri_cli.commands.scores import ScoreReport
from numeri_cli.commands.validate.per_era import per_era_table
from numeri_cli.commands.validate.summary import SourceSummary, source_summaries
from numeri_cli.commands.validate.validation import Validation


@dataclass(frozen=True, eq=False)
class FrameScores:
    """The official scores of predictions on a data file.

    validation: what they rest on: eras, target, warnings
    """

    validation: Validation

    @cached_property
    def per_era(self) -> pd.DataFrame:
        """A row for each source and era, a column for each score, as `--per-era` writes it."""
        frame: pd.DataFrame = per_era_table(self.validation).to_pandas()
        return frame

    @cached_property
    def sources(self) -> tuple[SourceSummary, ...]:
        """The figures of each source, as `numeri validate --json` prints them."""
        return source_summaries(self.validation)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row for each source and score, a column for each figure: mean, sharpe, drawdown …"""
        rows = [
            {"source": source.name, "score": score, **asdict(found)}
            for source in self.sources
            for score, found in source.scores.items()
        ]
        return pd.DataFrame(rows).set_index(["source", "score"])

    @property
    def target(self) -> str:
        """The target that was scored on."""
        return self.validation.target

    @property
    def warnings(self) -> tuple[str, ...]:
        """What has to be known of the figures, such as eras that were seen in training."""
        return self.validation.warnings

    def __repr__(self) -> str:
        eras = self.validation.eras
        span = f"{self.target}, {len(eras)} eras ({eras[0]}–{eras[-1]})"
        shown = self.summary[["mean", "sharpe", "drawdown"]].round(4)
        alone = [one.name for one in self.validation.scores if one.mean_only]
        of_mean_only = shown.index.get_level_values("score").isin(alone)
        shown.loc[of_mean_only, ["sharpe", "drawdown"]] = float("nan")
        return "\n".join((span, shown.to_string(na_rep="–"), *self.warnings))


@dataclass(frozen=True, eq=False)
class WalkedForward:
    """Models that were walked forward, as `numeri backtest` prints them.

    models: each with its eras, windows and the file of its predictions
    scores: over all the eras that were predicted; None where no era has a target yet
    """

    models: tuple[BacktestRow, ...]
    scores: FrameScores | None

    def __repr__(self) -> str:
        walked = [f"{one.model}: {one.windows} windows, {one.eras} eras" for one in self.models]
        return "\n".join((*walked, repr(self.scores) if self.scores else "not scored"))


@dataclass(frozen=True, eq=False)
class LiveScores:
    """How models did in rounds.

    report: what `numeri scores --json` prints
    """

    report: ScoreReport

    @classmethod
    def of(cls, report: ScoreReport) -> LiveScores:
        """The scores of a report, read whole: its own rows are read as they are asked for."""
        models = tuple(
            replace(
                model,
                open_rounds=tuple(model.open_rounds),
                resolved_rounds=tuple(model.resolved_rounds),
                means=tuple(model.means),
            )
            for model in report.models
        )
        return cls(replace(report, models=models))

    @cached_property
    def per_round(self) -> pd.DataFrame:
        """A row for each model, round and score, so far or resolved."""
        names = ["model", "round_number", "score", "version", "day", "days", "value", "percentile"]
        rows = [asdict(row) for row in self.report.rows]
        return pd.DataFrame(rows, columns=[*names, "date", "resolved"])

    @cached_property
    def means(self) -> pd.DataFrame:
        """A row for each model and score: the mean of the rounds that resolved within a year."""
        names = ["model", "score", "version", "days", "rounds", "mean", "standard_error"]
        rows = [
            {"model": model.model, **asdict(mean)}
            for model in self.report.models
            for mean in model.means
        ]
        return pd.DataFrame(rows, columns=names)

    def __repr__(self) -> str:
        as_of = f"{self.report.tournament}, as of {self.report.as_of:%Y-%m-%d %H:%M} UTC"
        offline = ", the server could not be asked" if self.report.offline else ""
        return f"{as_of}{offline}\n{self.means}"
