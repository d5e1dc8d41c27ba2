"""The server's diagnostics beside a scorecard: figure by figure, and era by era."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from numeri_cli.dataset.eras import era_number
from numeri_cli.published import Published
from numeri_cli.records import Diagnostics
from numeri_cli.scoring.ranks import FloatArray
from numeri_cli.scoring.score_table import LARGEST, SCORES, Score
from numeri_cli.scoring.scorecard import Scorecard
from numeri_cli.scoring.summary import FIGURES, summarize

TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class FigurePair(Published):
    """One figure, the server's and ours over the eras that both scored; None where there is none.

    difference: server − here; differs: by more than TOLERANCE
    """

    name: str
    server: float | None
    here: float | None
    difference: float | None
    differs: bool


@dataclass(frozen=True, kw_only=True)
class EraPairs(Published):
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
class DiagnosticsComparison:
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


def compare(diagnostics: Diagnostics, card: Scorecard) -> DiagnosticsComparison:
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
        pairs.append(
            _era_pairs(score.name, server, here=here, eras=[card.eras[place] for place in places])
        )
    return DiagnosticsComparison(
        figures=_figures(diagnostics, card, places=places),
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


def _era_pairs(
    score: str, server: FloatArray, *, here: FloatArray, eras: Sequence[str]
) -> EraPairs:
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
    diagnostics: Diagnostics, card: Scorecard, *, places: list[int]
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
            pairs.append(_pair(name, server, here=here))
    return tuple(pairs)


def _pair(name: str, server: float | None, *, here: float) -> FigurePair:
    ours = None if np.isnan(here) else here
    if server is None or ours is None:
        return FigurePair(name=name, server=server, here=ours, difference=None, differs=False)
    apart = server - ours
    return FigurePair(
        name=name, server=server, here=ours, difference=apart, differs=abs(apart) > TOLERANCE
    )
