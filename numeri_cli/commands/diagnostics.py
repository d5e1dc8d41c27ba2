"""Validation predictions → the server's own diagnostics → beside the figures found here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.api import diagnostics as wire
from numeri_cli.api.client import Client
from numeri_cli.commands.submission.transfer import settle, upload
from numeri_cli.dataset.eras import era_number
from numeri_cli.dataset.prediction_files import (
    FloatArray,
    IdColumn,
)
from numeri_cli.errors import DiagnosticsFailed, DiagnosticsPending
from numeri_cli.progress import SILENT, Listener
from numeri_cli.records import Diagnostics
from numeri_cli.scoring.score_table import LARGEST, SCORES, Score
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import FIGURES, summarize

TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class FigurePair:
    """One figure, the server's and ours over the eras that both scored; None where there is none.

    difference: server − here; differs: by more than TOLERANCE
    """

    name: str
    server: float | None
    here: float | None
    difference: float | None
    differs: bool


@dataclass(frozen=True, kw_only=True)
class EraPairs:
    """One score, era by era, where server and we have it.

    differing: eras where they differ by more than TOLERANCE
    largest: the largest difference; largest_era: where; None where no era has both
    """

    score: str
    eras: int
    differing: int
    largest: float | None
    largest_era: str | None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The server's diagnostics beside a scorecard.

    shared_eras: scored by both; only_server, only_here: by one of them
    """

    figures: tuple[FigurePair, ...]
    eras: tuple[EraPairs, ...]
    shared_eras: int
    only_server: tuple[str, ...]
    only_here: tuple[str, ...]

    @property
    def differ(self) -> bool:
        """Whether any figure or any era's score does."""
        return any(pair.differs for pair in self.figures) or any(one.differing for one in self.eras)


def content_of(predictions: IdColumn) -> bytes:
    """The file that diagnostics take: id and prediction, nothing else, as parquet."""
    table = pa.table({"id": predictions.ids, "prediction": predictions.values})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def diagnose(
    client: Client,
    predictions: IdColumn,
    *,
    model_id: str | None = None,
    listener: Listener = SILENT,
) -> Diagnostics:
    """Upload validation predictions, have them scored, wait for the figures.

    A status that is not known counts as "not yet" and is said; if figures are there when the
    patience of the client's limits ends, they are taken under whatever word.
    Raises DiagnosticsFailed (the server's words), DiagnosticsPending, and what the client and
    upload raise.
    """
    name = f"{predictions.name}.parquet"
    filename = upload(
        client,
        content_of(predictions),
        name=name,
        authorize=lambda: wire.upload_authorization(client, name, model_id=model_id),
        listener=listener,
    )
    listener.step("diagnostics_uploaded")
    diagnostics_id = wire.create(client, filename, model_id=model_id)
    listener.step("diagnostics_created")

    def is_settled(found: Diagnostics) -> bool:
        if found.failed:
            raise DiagnosticsFailed(
                f"the server could not score {predictions.name}: {found.message or 'no reason'}",
                hint="mend what it names; a file needs every id of the eras that are in it",
            )
        return found.done

    last = settle(
        client,
        lambda: wire.diagnostics(client, diagnostics_id, model_id=model_id),
        is_settled=is_settled,
        listener=listener,
    )
    if last.found is None or not (last.settled or last.found.corr_mean is not None):
        raise DiagnosticsPending(
            f"the server has not finished diagnostics {diagnostics_id}: {last.word!r}",
            hint="look at them on the website, or run the same command later",
        )
    return last.found


def compare(diagnostics: Diagnostics, card: Scorecard) -> Compared:
    """Every figure of the server beside ours, over the eras that both have scored."""
    theirs = {era_number(one.era): one for one in diagnostics.eras}
    ours = {era_number(era): place for place, era in enumerate(card.eras)}
    shared = [era for era in ours if era in theirs]
    places = [ours[era] for era in shared]
    pairs = []
    for score in _told():
        values = [getattr(theirs[era], score.name) for era in shared]
        server = np.array([np.nan if one is None else one for one in values], dtype=np.float64)
        here = card.score(score.name)[places]
        pairs.append(_era_pairs(score.name, server, here, [card.eras[place] for place in places]))
    return Compared(
        figures=_figures(diagnostics, card, places),
        eras=tuple(pairs),
        shared_eras=len(shared),
        only_server=tuple(one.era for one in diagnostics.eras if era_number(one.era) not in ours),
        only_here=tuple(era for era in card.eras if era_number(era) not in theirs),
    )


def _told() -> tuple[Score, ...]:
    """The scores that the server's diagnostics tell of."""
    return tuple(score for score in SCORES if score.server_figures)


def figure_labels() -> dict[str, str]:
    """What people call each figure of the server, by its name."""
    words = {LARGEST: ""} | {figure.name: f" {figure.label}" for figure in FIGURES}
    return {
        _field(score, figure): f"{score.label}{words[figure]}"
        for score in _told()
        for figure in score.server_figures
    }


def _field(score: Score, figure: str) -> str:
    """The field of `Diagnostics` that holds a figure of a score."""
    return score.name if figure == LARGEST else f"{score.name}_{figure}"


def _era_pairs(score: str, server: FloatArray, here: FloatArray, eras: Sequence[str]) -> EraPairs:
    """server, here: (n_eras,) the score in each of the eras, NaN where there is none"""
    apart = np.abs(server - here)
    both = ~np.isnan(apart)
    if not both.any():
        return EraPairs(score=score, eras=0, differing=0, largest=None, largest_era=None)
    worst = int(np.nanargmax(apart))
    return EraPairs(
        score=score,
        eras=int(both.sum()),
        differing=int((apart[both] > TOLERANCE).sum()),
        largest=float(apart[worst]),
        largest_era=eras[worst],
    )


def _figures(
    diagnostics: Diagnostics, card: Scorecard, places: list[int]
) -> tuple[FigurePair, ...]:
    """places: of the eras that both have scored"""
    pairs = []
    for score in _told():
        series = card.score(score.name)[places]
        summary = summarize(series)
        for figure in score.server_figures:
            name = _field(score, figure)
            server = getattr(diagnostics, name)
            if figure == "drawdown" and server is not None:
                server = abs(server)  # whether the real server gives it a sign was never seen
            if figure == LARGEST:
                here = float(np.fmax.reduce(series, initial=np.nan))
            else:
                here = float(getattr(summary, figure))
            pairs.append(_pair(name, server, here))
    return tuple(pairs)


def _pair(name: str, server: float | None, here: float) -> FigurePair:
    ours = None if np.isnan(here) else here
    if server is None or ours is None:
        return FigurePair(name=name, server=server, here=ours, difference=None, differs=False)
    apart = server - ours
    return FigurePair(
        name=name, server=server, here=ours, difference=apart, differs=abs(apart) > TOLERANCE
    )
