"""Where every model stands, in a terminal of 80 columns."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from numeri_cli.commands.status import ModelStanding, RoundStanding
from numeri_cli.output.text.status import round_standing

SATURDAY = datetime(2026, 6, 13, 12, 5, tzinfo=UTC)
ID = "83139145-aac8-4f4c-8fbd-14b1bb882f8f"


def test_the_id_and_the_time_of_a_submission_stand_in_one_line() -> None:
    models = (ModelStanding("lighthouse", "on-time", ID, SATURDAY),)
    record = RoundStanding("practice", 324, True, SATURDAY, SATURDAY, models, "server")
    console = Console(file=io.StringIO(), width=80)
    console.print(round_standing(record))
    assert isinstance(console.file, io.StringIO)
    [line] = [one for one in console.file.getvalue().splitlines() if "lighthouse" in one]
    assert line.split(maxsplit=3) == ["lighthouse", "on-time", ID, "Sat 13 Jun 12:05"]
    assert "time UTC" in console.file.getvalue()
