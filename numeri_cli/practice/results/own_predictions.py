"""What a model of the participant's submitted in time, round by round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numeri_cli.errors import ModelUnknown, PracticeSettings, did_you_mean
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.market.universe import FloatArray
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.participants.check import read_aligned
from numeri_cli.practice.tournament import Tournament
from numeri_cli.practice.world.world import World


@dataclass(frozen=True, kw_only=True)
class OwnPredictions:
    """files: by closed round, id and filename of the submission that counted; never empty."""

    name: str
    world: World
    folders: Folders
    files: Mapping[int, tuple[str, str]]

    @property
    def first_round(self) -> int:
        """The earliest round with one."""
        return min(self.files)

    def of(self, era: int) -> FloatArray | None:
        """(n_ids,) in the order of the round's ids; None where nothing came in time."""
        if era not in self.files:
            return None
        path = self.folders.submission(*self.files[era])
        return read_aligned(path, self.world.live_ids(era))


def own_predictions(tournament: Tournament, name: str) -> OwnPredictions:
    """Raises ModelUnknown for a model that is not the participant's; PracticeSettings for none."""
    require_own(tournament, name)
    with tournament.store.reading() as connection:
        rows = connection.execute(
            """SELECT entries.round, submissions.id, submissions.filename FROM entries
               JOIN submissions ON submissions.id = entries.submission_id
               JOIN models ON models.id = entries.model_id
               WHERE models.name = ? AND submissions.on_time = 1""",
            (name,),
        )
        files = {row["round"]: (row["id"], row["filename"]) for row in rows}
    if not files:
        raise PracticeSettings(
            f"{name} has not submitted in time to any round that has closed",
            hint="`numeri run` and `numeri practice advance` bring it into one",
        )
    return OwnPredictions(
        name=name, world=tournament.world(), folders=tournament.folders, files=files
    )


def require_own(tournament: Tournament, name: str) -> None:
    """Raise ModelUnknown for a name that is no model of the participant's."""
    with tournament.store.reading() as connection:
        own = [
            one.name
            for one in accounts.all_models(connection)
            if one.account_name == accounts.PARTICIPANT
        ]
    if name not in own:
        hint = did_you_mean(name, own, otherwise=f"yours are {', '.join(own)}")
        raise ModelUnknown(f"you have no model {name[:40]!r} in practice", hint=hint)
