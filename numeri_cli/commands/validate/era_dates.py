"""On which days eras were: reckoned back from the live data, whose round says when it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from numeri_cli.commands.context import Context
from numeri_cli.commands.validate.validation import EraDays, Validation
from numeri_cli.dataset.eras import era_number
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ApiError, NumeriError
from numeri_cli.records import Round

_RETRY_SECONDS = 2.0  # of tries; files can be scored without a server
_MOST_AHEAD = 60  # eras that live data can lie behind the newest with targets


@dataclass(frozen=True, kw_only=True)
class _LiveEra:
    """The era of the live data that is here, and the round that it is of."""

    era: float
    round_number: int


def with_dates(context: Context, validation: Validation) -> Validation:
    """The validation with the days of its eras, where these can be known.

    An era is a week. Eras that are called by dates need nothing else. The others are counted back
    from the era of the live data that is here, if its round's date can be asked for.
    """
    last = era_number(validation.eras[-1])
    if math.isinf(last):
        return validation
    if not validation.eras[-1].removeprefix("era").isdecimal():
        return replace(validation, days=EraDays.of_dates())
    live = _live_era(context)
    if live is None or not 0 < live.era - last <= _MOST_AHEAD:
        return validation
    try:
        with context.client.within(_RETRY_SECONDS):
            round_ = context.client.round_rules(live.round_number)
    except ApiError as error:
        context.listener.say(f"going on without the dates of eras: {error.message}")
        return validation
    if round_ is None:
        return validation
    return replace(validation, days=EraDays(era=live.era, day=_day_of(round_)))


def _live_era(context: Context) -> _LiveEra | None:
    """None where no live file is here, or its era is no number."""
    path = context.file(context.files.live)
    record = context.ledger.file(context.tournament, f"{context.data_version}/{path.name}")
    if record is None or record.round_number is None or not path.is_file():
        return None
    try:
        names = DataFile.open(path).eras().names
    except NumeriError:
        return None
    if len(names) != 1 or math.isinf(era_number(names[0])):
        return None
    return _LiveEra(era=era_number(names[0]), round_number=record.round_number)


def _day_of(round_: Round) -> date:
    """The day of a round's data; of its opening where the server does not tell."""
    stamp = str(round_.data_datestamp or "")
    try:
        return datetime.strptime(stamp, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return round_.open_time.date()
