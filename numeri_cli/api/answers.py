"""What the server answered, read field by field; what is missing is named, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import TypeVar, get_args

from numeri_cli.api.http.retry import is_plausible
from numeri_cli.errors import ApiChanged
from numeri_cli.inert_text import inert
from numeri_cli.records import (
    LatestSubmission,
    ModelSlot,
    Round,
    ScoreConfig,
    Submission,
    Timing,
    TokenInfo,
)

LONGEST_TEXT = 4_000  # characters; a signed address with a session token has 2,000
MOST_TEXTS = 10_000  # in one list; the files of all data versions are some 300
Read = TypeVar("Read")
Report = Callable[[str, str, str], None]  # hears a type, a field of it and what is odd about it


@dataclass(frozen=True, slots=True)
class UploadAuthorization:
    """Leave to put a file: the name the server gave it, and an address whose query is a secret."""

    filename: str
    url: str = field(repr=False)


def changed(what: str) -> ApiChanged:
    """The error for an answer that is not what was asked for."""
    return ApiChanged(
        f"the API changed: {what}", hint="look for a newer numeri: `pip install --upgrade numeri`"
    )


def _unheard(kind: str, name: str, words: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of an answer. Every method but `spare` raises ApiChanged.

    kind: its GraphQL type; report: hears of fields that are odd and that nobody needs
    """

    kind: str
    values: Mapping[str, object]
    report: Report = field(default=_unheard, repr=False, compare=False)

    @classmethod
    def of(cls, value: object, *, kind: str, report: Report = _unheard) -> Fields:
        """The object, where the value is one."""
        if not isinstance(value, dict):
            raise changed(f"{kind} is no object")
        return cls(kind, value, report)

    def spare(self, name: str, read: Callable[[str], Read]) -> Read | None:
        """What `read` makes of a field that no errand needs; None where it is missing or odd."""
        try:
            return read(name)
        except ApiChanged as error:
            self.report(self.kind, name, error.message)
            return None

    def get(self, name: str) -> object:
        """The value as it came, null included."""
        if name not in self.values:
            raise changed(f"field {name} of {self.kind} is missing")
        return self.values[name]

    def text(self, name: str) -> str:
        """A string with nothing to obey in it; an id that came as a number is one, too."""
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong(name, "a string")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise self._wrong(name, "a string")
        return _text(str(value))

    def optional_text(self, name: str) -> str | None:
        """A string, or None for null."""
        return None if self.get(name) is None else self.text(name)

    def integer(self, name: str) -> int:
        """A whole number of at most 64 bits."""
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
            raise self._wrong(name, "a whole number")
        return value

    def optional_integer(self, name: str) -> int | None:
        """A whole number, or None for null."""
        return None if self.get(name) is None else self.integer(name)

    def optional_number(self, name: str) -> float | None:
        """A finite number, or None for null."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
            raise self._wrong(name, "a number")
        if not isfinite(value):
            raise self._wrong(name, "a number")
        return float(value)

    def optional_decimal(self, name: str) -> Decimal | None:
        """A decimal that came as a string, or None for null."""
        value = self.get(name)
        if value is None:
            return None
        try:
            number = Decimal(str(value))
        except InvalidOperation as error:
            raise self._wrong(name, "a decimal number") from error
        if not number.is_finite():
            raise self._wrong(name, "a decimal number")
        return number

    def truth(self, name: str) -> bool:
        """A boolean; null means no."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return bool(value)

    def optional_time(self, name: str) -> datetime | None:
        """A time or a date in ISO 8601, in UTC where it names no zone; None for null."""
        value = self.get(name)
        if value is None:
            return None
        try:
            if not isinstance(value, str):
                raise self._wrong(name, "a time")
            moment = datetime.fromisoformat(value)
            if not is_plausible(moment):
                raise self._wrong(name, "a time that can be meant")
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self._wrong(name, "a time") from error

    def time(self, name: str) -> datetime:
        """A time."""
        moment = self.optional_time(name)
        if moment is None:
            raise self._wrong(name, "a time")
        return moment

    def child(self, name: str, *, kind: str) -> Fields:
        """An object inside."""
        return Fields.of(self.get(name), kind=kind, report=self.report)

    def optional_child(self, name: str, *, kind: str) -> Fields | None:
        """An object inside, or None for null."""
        return None if self.get(name) is None else self.child(name, kind=kind)

    def items(self, name: str) -> list[object]:
        """A list of values, nulls included."""
        value = self.get(name)
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of a list, with nothing to obey in them; what is none is left out.

        At most MOST_TEXTS of them.
        """
        found = [_text(item) for item in self.items(name) if isinstance(item, str)]
        if len(found) > MOST_TEXTS:
            raise self._wrong(name, f"a list of at most {MOST_TEXTS:,} texts")
        return tuple(found)

    def children(self, name: str, *, kind: str) -> tuple[Fields, ...]:
        """A list of objects; nulls in it are left out."""
        found = (item for item in self.items(name) if item is not None)
        return tuple(Fields.of(item, kind=kind, report=self.report) for item in found)

    def _wrong(self, name: str, expected: str) -> ApiChanged:
        return changed(f"field {name} of {self.kind} is not {expected}")


def _text(value: str) -> str:
    """A string of the server as it may be kept, shown and written anywhere."""
    return inert(value.encode(errors="replace").decode(), at_most=LONGEST_TEXT)


def round_of(fields: Fields, *, tournament: int) -> Round:
    """A Round; the deadline is closeStakingTime, or closeTime where that is null.

    tournament: whose rounds were asked for
    """
    close = fields.spare("closeTime", fields.optional_time)
    deadline = fields.optional_time("closeStakingTime") or close
    if deadline is None:
        raise changed("field closeStakingTime of Round is null, and closeTime is no time, too")
    named = fields.spare("tournament", fields.integer)
    return Round(
        id=fields.spare("id", fields.text),
        number=fields.integer("number"),
        tournament=tournament if named is None else named,
        open_time=fields.time("openTime"),
        deadline=deadline,
        close_time=close,
        resolve_time=fields.spare("resolveTime", fields.optional_time),
        data_datestamp=fields.spare("dataDatestamp", fields.optional_integer),
        target=fields.spare("target", fields.optional_text),
        payout_factor=fields.spare("payoutFactor", fields.optional_decimal),
        stake_threshold=fields.spare("stakeThreshold", fields.optional_number),
        score_configs=_score_configs(fields),
    )


def _score_configs(fields: Fields) -> tuple[ScoreConfig, ...]:
    if fields.values.get("roundScoreConfigs") is None:  # only asked for by ROUND_RULES
        return ()

    def read(name: str) -> tuple[ScoreConfig | None, ...]:
        return tuple(map(_score_config, fields.children(name, kind="RoundScoreConfig")))

    return tuple(filter(None, fields.spare("roundScoreConfigs", read) or ()))


def _score_config(item: Fields) -> ScoreConfig | None:
    """How a score is paid; None where not even its name can be read."""
    name = item.spare("name", item.text)
    if name is None:
        return None
    return ScoreConfig(
        name=name,
        display_name=item.spare("displayName", item.text) or name,
        is_payout=bool(item.spare("isPayout", item.truth)),
        multiplier=item.spare("defaultMultiplier", item.optional_number),
        clip_threshold=item.spare("clipThreshold", item.optional_number),
        total_score_days=item.spare("totalScoreDays", item.optional_integer),
        returns_lag_days=item.spare("returnsLagDays", item.optional_integer),
        version=item.spare("version", item.optional_text),
        payout_factor=item.spare("payoutFactor", item.optional_decimal),
    )


def model_of(fields: Fields) -> ModelSlot:
    """A model of the account; one with an uploaded function assigned is hosted."""

    def uploaded(name: str) -> str | None:
        found = fields.optional_child(name, kind="ComputePickleUpload")
        return None if found is None else found.text("id")

    return ModelSlot(
        id=fields.text("id"),
        name=fields.text("name"),
        tournament=fields.integer("tournament"),
        hosted=fields.spare("computePickleUpload", uploaded) is not None,
    )


def submission_of(fields: Fields) -> Submission:
    """A submission; words of `status` are kept as they came."""
    place = fields.optional_child("round", kind="Round")
    word = fields.spare("status", fields.optional_text)
    return Submission(
        id=fields.text("id"),
        status=word or "",
        error_info=fields.optional_text("errorInfo") or None,
        selected=fields.truth("selected"),
        filename=fields.spare("filename", fields.optional_text),
        filtered_count=fields.spare("filteredCount", fields.optional_integer),
        submitted_count=fields.spare("submittedCount", fields.optional_integer),
        round_number=None if place is None else place.integer("number"),
        inserted_at=fields.spare("insertedAt", fields.optional_time),
    )


def latest_of(fields: Fields, *, model: str) -> LatestSubmission:
    """One row of latestSubmissions; a status we do not know becomes "unknown"."""
    word = fields.optional_text("status") or "none"
    return LatestSubmission(
        model=model,
        round_number=fields.integer("roundNumber"),
        status=timing_of(word),
        id=fields.optional_text("id"),
        filename=fields.spare("filename", fields.optional_text),
        time=fields.spare("timestamp", fields.optional_time),
    )


def timing_of(word: str) -> Timing:
    """The server's word for when a submission came."""
    for known in get_args(Timing):
        if word == known:
            return known  # type: ignore[no-any-return]  # get_args gives Any
    return "unknown"


def token_of(fields: Fields) -> TokenInfo:
    """Whom the keys belong to."""
    return TokenInfo(
        account=fields.text("accountUsername"),
        public_id=fields.text("publicId"),
        scopes=fields.texts("scopes"),
    )


def authorization_of(fields: Fields) -> UploadAuthorization:
    """A filename and an address."""
    return UploadAuthorization(filename=fields.text("filename"), url=fields.text("url"))
