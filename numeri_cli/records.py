"""Facts that rooms hand each other: frozen, without I/O. Times are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Timing = Literal["on-time", "late", "queued", "none", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreConfig:
    """How one score of a round is made and paid; name and version together tell it apart."""

    name: str
    display_name: str
    is_payout: bool
    multiplier: float | None
    clip_threshold: float | None
    total_score_days: int | None
    returns_lag_days: int | None
    version: str | None = None
    payout_factor: Decimal | None = None

    @property
    def is_paid(self) -> bool:
        """By its multiplier; by the server's own word where it tells of none."""
        return self.is_payout if self.multiplier is None else self.multiplier != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round as the server describes it; what cannot be read and nobody needs is None."""

    id: str | None
    number: int
    tournament: int
    open_time: datetime
    deadline: datetime  # closeStakingTime, or closeTime where that is null
    close_time: datetime | None
    resolve_time: datetime | None
    data_datestamp: int | None
    target: str | None
    payout_factor: Decimal | None
    stake_threshold: float | None
    score_configs: tuple[ScoreConfig, ...] = ()

    @property
    def paid_days(self) -> frozenset[int] | None:
        """How many days the paid scores look ahead; None where that cannot be known."""
        days = {one.total_score_days for one in self.score_configs if one.is_paid}
        known = frozenset(one for one in days if one is not None)
        return known if known and len(known) == len(days) else None

    def is_open(self, now: datetime) -> bool:
        """Whether a submission made at `now` is on time."""
        return self.open_time <= now < self.deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSlot:
    """A model of the account."""

    id: str
    name: str
    tournament: int
    hosted: bool = False  # an uploaded model is assigned: submissions by API are refused


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestSubmission:
    """What the server holds for one model and round."""

    model: str
    round_number: int
    status: Timing
    id: str | None
    filename: str | None
    time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One submission as the server knows it."""

    id: str
    status: str
    error_info: str | None
    selected: bool
    filename: str | None
    filtered_count: int | None
    submitted_count: int | None
    round_number: int | None
    inserted_at: datetime | None

    @property
    def accepted(self) -> bool:
        """Settled and taken."""
        return self.selected and not self.error_info

    @property
    def refused(self) -> bool:
        """Settled and not taken."""
        return bool(self.error_info)

    @property
    def pending(self) -> bool:
        """Not settled yet, or replaced since: the server tells neither from the other."""
        return not self.selected and not self.error_info


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInfo:
    """Whom the keys belong to and what they may do."""

    account: str
    public_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that a submission was accepted."""

    tournament: str
    round_number: int
    model: str
    server_id: str
    filename: str
    prediction_digest: str  # SHA-256 of the uploaded bytes, in hex
    rows: int
    timing: Timing
    time: datetime
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFileRecord:
    """A downloaded file as the ledger knows it."""

    tournament: str
    name: str  # as the server calls it: "v5.3/live.parquet"
    size_bytes: int
    etag: str
    digest: str  # SHA-256, in hex; empty for a large file that nobody has read yet
    round_number: int | None
    time: datetime
    modified_ns: int  # as the file system had it when the file was whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """A model's score of one kind, round and day; display name and version tell which kind."""

    round_number: int
    display_name: str
    version: str
    day: int
    value: float
    percentile: float | None
    date: datetime | None
    resolved: bool  # this is its last day
    resolve_date: datetime | None
    close_time: datetime | None  # of the round's window for stakes


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceRow:
    """A model's money in one round, in NMR.

    multipliers: name, version, display name and multiplier of each paid score
    pending_nmr: what the scores of now would pay; settled_nmr: what was paid
    """

    round_number: int
    at_risk_nmr: Decimal | None
    payout_factor: Decimal | None
    resolved: bool
    resolve_time: datetime | None
    multipliers: tuple[tuple[str, str, str, Decimal], ...]
    pending_nmr: Decimal | None
    settled_nmr: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHistory:
    """What the server tells of a model's rounds."""

    scores: tuple[ScoreRow, ...]
    performances: tuple[PerformanceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStake:
    """A model with what is staked on it; None where nothing is."""

    id: str
    name: str
    stake_nmr: Decimal | None
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStanding:
    """An account with its models; available_nmr: its balance, None where that is not shown."""

    name: str
    available_nmr: Decimal | None
    models: tuple[ModelStake, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """NMR that a model gets for a round, negative for a burn; settled, or as scores stand now."""

    round_number: int
    model_id: str
    amount_nmr: Decimal
    resolve_date: datetime | None
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeOfDay:
    """What was staked on a model from a time on."""

    time: datetime
    stake_nmr: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSeen:
    """What one NMR cost in US dollars, and when."""

    usd: Decimal
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """A model or an account on the server's leaderboard; returns are shares of the stake."""

    rank: int | None
    name: str
    stake_nmr: Decimal | None
    corr20: float | None
    mmc20: float | None
    corr60: float | None
    mmc60: float | None
    return_1y: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticsEra:
    """The server's scores of one validation era; None where it has none."""

    era: str
    corr: float | None
    mmc: float | None
    bmc: float | None
    fnc: float | None
    max_exposure: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """The server's validation of an uploaded file, as far as it has come."""

    id: str
    status: str  # the server's own word
    message: str | None
    filename: str | None
    eras_accepted: int | None
    corr_mean: float | None
    corr_std: float | None
    corr_sharpe: float | None
    corr_drawdown: float | None
    mmc_mean: float | None
    mmc_std: float | None
    mmc_sharpe: float | None
    bmc_mean: float | None
    fnc_mean: float | None
    max_exposure: float | None
    eras: tuple[DiagnosticsEra, ...]

    @property
    def done(self) -> bool:
        """Scored, by a word that is known."""
        return self.status == "done"

    @property
    def failed(self) -> bool:
        """Given up, by a word that is known."""
        return self.status == "failed"
