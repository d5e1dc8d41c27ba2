"""A late submission waits for the next round: the same stocks under the next era's ids."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from numeri_cli.files import atomic_file
from numeri_cli.practice.calendar import RoundTimes
from numeri_cli.practice.database.database import Connection
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.market.names import row_order
from numeri_cli.practice.participants import submissions
from numeri_cli.practice.participants.accounts import opaque_id
from numeri_cli.practice.participants.check import Verdict, read_aligned
from numeri_cli.practice.participants.submissions import StoredSubmission, SubmissionOrigin, Upload
from numeri_cli.practice.world.world import World

SOURCE = "queued"


class QueuedTime(StrEnum):
    """Which time the server shows of a submission that it carried over to the next round.

    Which one the real server shows is not known.
    """

    MAPPING = "mapping"
    UPLOAD = "upload"


@dataclass(frozen=True, kw_only=True)
class QueuedEntry:
    """A queued submission as it enters the next round; its file is written already."""

    submission_id: str
    upload: Upload
    rows: int

    def record(self, connection: Connection, times: RoundTimes) -> None:
        """Enter it into the round that opens, on time."""
        submissions.record(
            connection,
            submission_id=self.submission_id,
            upload=self.upload,
            model_id=self.upload.model_id or "",
            round_times=times,
            moment=times.opens_at,
            verdict=Verdict(error_info=None, submitted_count=self.rows, filtered_count=self.rows),
            origin=SubmissionOrigin(SOURCE),
        )


def queued_entry(world: World, folders: Folders, *, queued: StoredSubmission) -> QueuedEntry:
    """Write a queued submission under the ids of the live era; done again it is the same."""
    era, next_era = queued.round_number, world.live_era
    path = folders.submission(queued.id, queued.filename)
    predictions = read_aligned(path, world.live_ids(era))
    moved = predictions[same_stocks(world, era, next_era=next_era)]
    submission_id = _queued_id(queued, next_era)
    filename = f"{path.stem}-queued.csv"
    table = pa.table({"id": world.live_ids(next_era), "prediction": moved})
    with atomic_file(folders.submission(submission_id, filename)) as file:
        arrow_csv.write_csv(table, file)
    upload = Upload(filename=filename, kind="submission", account_id="", model_id=queued.model_id)
    return QueuedEntry(submission_id=submission_id, upload=upload, rows=len(moved))


def as_uploaded(connection: Connection, one: StoredSubmission) -> StoredSubmission:
    """What the participant uploaded for a submission: an earlier one, where this one was queued.

    The queued file under the next ids would tell which ids of two rounds are of the same stock.
    """
    made = submissions.submissions_of(connection, one.model_id)
    origins = (
        each for each in made if each.queued_for and _queued_id(each, each.queued_for) == one.id
    )
    return next(origins, one)


def _queued_id(queued: StoredSubmission, era: int) -> str:
    """The id of what enters an era's round for a queued submission."""
    return opaque_id("carried", queued.id, era)


def same_stocks(world: World, era: int, *, next_era: int) -> npt.NDArray[np.intp]:
    """(n_ids,) for each row of `next_era` the row of `era` that is the same stock."""
    settings = world.settings
    before = row_order(settings.seed, era, count=settings.stocks)
    after = row_order(settings.seed, next_era, count=settings.stocks)
    row_of_stock = np.empty(len(before), dtype=np.intp)
    row_of_stock[before] = np.arange(len(before))
    rows: npt.NDArray[np.intp] = row_of_stock[after]
    return rows
