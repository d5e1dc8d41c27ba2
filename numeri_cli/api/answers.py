"""What the server answered, read field by field; what is missing is named, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import get_args

from numeri_cli.errors import ApiChanged
from numeri_cli.records import (
    LatestSubmission,
    ModelSlot,
    Round,
    ScoreConfig,
    Submission,
    Timing,
    TokenInfo,
)


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


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of an answer; `kind` is its GraphQL type. Every method raises ApiChanged."""

    kind: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, value: object, *, kind: str) -> Fields:
        """The object, where the value is one."""
        if not isinstance(value, dict):
            raise changed(f"{kind} is no object")
        return cls(kind, value)

    def get(self, name: str) -> object:
        """The value as it came, null included."""
        if name not in self.values:
            raise changed(f"field {name} of {self.kind} is missing")
        return self.values[name]

    def text(self, name: str) -> str:
        """A string; an id that came as a number is one, too."""
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong(name, "a string")
        return str(value).encode(errors="replace").decode()

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
        return Fields.of(self.get(name), kind=kind)

    def items(self, name: str) -> list[object]:
        """A list of values, nulls included."""
        value = self.get(name)
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def children(self, name: str, *, kind: str) -> tuple[Fields, ...]:
        """A list of objects; nulls in it are left out."""
        found = (item for item in self.items(name) if item is not None)
        return tuple(Fields.of(item, kind=kind) for item in found)

    def _wrong(self, name: str, expected: str) -> ApiChanged:
        return changed(f"field {name} of {self.kind} is not {expected}")


def round_of(fields: Fields) -> Round:
    """A Round; the deadline is closeStakingTime, or closeTime where that is null."""
    close = fields.optional_time("closeTime")
    deadline = fields.optional_time("closeStakingTime") or close
    if deadline is None:
        raise changed("field closeStakingTime of Round is null, and closeTime, too")
    return Round(
        id=fields.text("id"),
        number=fields.integer("number"),
        tournament=fields.integer("tournament"),
        open_time=fields.time("openTime"),
        deadline=deadline,
        close_time=close,
        resolve_time=fields.optional_time("resolveTime"),
        data_datestamp=fields.optional_integer("dataDatestamp"),
        target=fields.optional_text("target"),
        payout_factor=fields.optional_decimal("payoutFactor"),
        stake_threshold=fields.optional_number("stakeThreshold"),
        score_configs=_score_configs(fields),
    )


def _score_configs(fields: Fields) -> tuple[ScoreConfig, ...]:
    if fields.values.get("roundScoreConfigs") is None:  # only asked for by ROUND_RULES
        return ()
    return tuple(
        ScoreConfig(
            name=item.text("name"),
            display_name=item.text("displayName"),
            is_payout=item.truth("isPayout"),
            multiplier=item.optional_number("defaultMultiplier"),
            clip_threshold=item.optional_number("clipThreshold"),
            total_score_days=item.optional_integer("totalScoreDays"),
            returns_lag_days=item.optional_integer("returnsLagDays"),
        )
        for item in fields.children("roundScoreConfigs", kind="RoundScoreConfig")
    )


def model_of(fields: Fields) -> ModelSlot:
    """A model of the account; one with an uploaded function assigned is hosted."""
    return ModelSlot(
        id=fields.text("id"),
        name=fields.text("name"),
        tournament=fields.integer("tournament"),
        hosted=fields.get("computePickleUpload") is not None,
    )


def submission_of(fields: Fields) -> Submission:
    """A submission; words of `status` are kept as they came."""
    place = fields.get("round")
    return Submission(
        id=fields.text("id"),
        status=fields.optional_text("status") or "",
        error_info=fields.optional_text("errorInfo") or None,
        selected=fields.truth("selected"),
        filename=fields.optional_text("filename"),
        filtered_count=fields.optional_integer("filteredCount"),
        submitted_count=fields.optional_integer("submittedCount"),
        round_number=None if place is None else Fields.of(place, kind="Round").integer("number"),
        inserted_at=fields.optional_time("insertedAt"),
    )


def latest_of(fields: Fields, *, model: str) -> LatestSubmission:
    """One row of latestSubmissions; a status we do not know becomes "unknown"."""
    word = fields.optional_text("status") or "none"
    return LatestSubmission(
        model=model,
        round_number=fields.integer("roundNumber"),
        status=timing_of(word),
        id=fields.optional_text("id"),
        filename=fields.optional_text("filename"),
        time=fields.optional_time("timestamp"),
    )


def timing_of(word: str) -> Timing:
    """The server's word for when a submission came."""
    for known in get_args(Timing):
        if word == known:
            return known  # type: ignore[no-any-return]  # get_args gives Any
    return "unknown"


def token_of(fields: Fields) -> TokenInfo:
    """Whom the keys belong to."""
    scopes = (item for item in fields.items("scopes") if isinstance(item, str))
    return TokenInfo(
        account=fields.text("accountUsername"),
        public_id=fields.text("publicId"),
        scopes=tuple(scopes),
    )


def authorization_of(fields: Fields) -> UploadAuthorization:
    """A filename and an address."""
    return UploadAuthorization(filename=fields.text("filename"), url=fields.text("url"))
