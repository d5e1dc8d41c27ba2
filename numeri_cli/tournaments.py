"""What differs between tournaments: number, names of files, rules of a prediction file, calls.

Classic is the only one so far. Another one is a record here, its line in TOURNAMENTS, and a word
less in UNSUPPORTED.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DATA_VERSION: Final = "v5.3"  # where a profile names none
UNSUPPORTED: Final = ("signals", "crypto")
NAMES_OF_OTHERS: Final[Mapping[int, str]] = {11: "Signals", 12: "Crypto"}  # by the API's number


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """Names of the files of a data version, without the version."""

    features: str
    train: str
    validation: str
    live: str
    meta_model: str
    benchmarks: str

    @property
    def usual(self) -> tuple[str, ...]:
        """What `numeri download` brings where nothing is named."""
        return (
            self.features,
            self.train,
            self.validation,
            self.live,
            self.meta_model,
            self.benchmarks,
        )

    def benchmarks_of(self, word: str) -> str:
        """The benchmark models' predictions for a data file, by its word or its name."""
        return f"{word.removesuffix('.parquet')}_benchmark_models.parquet"

    def named(self, word: str) -> str:
        """The file that a word such as "live" or "features" stands for; a file's name is itself."""
        if "." in word:
            return word
        return self.features if word == "features" else f"{word}.parquet"


@dataclass(frozen=True, kw_only=True)
class PredictionRules:
    """What the server asks of a prediction file: two columns, in this order, and no more bytes.

    value_columns: the names that the second one may have
    """

    id_column: str
    value_columns: tuple[str, ...]
    lowest: float
    highest: float
    maximum_bytes: int


@dataclass(frozen=True, kw_only=True)
class SubmissionCalls:
    """The fields of the API by which a submission is made."""

    upload_authorization: str
    create: str


@dataclass(frozen=True, kw_only=True)
class TournamentKind:
    """All that is one tournament's own.

    number: as the API counts tournaments
    """

    name: str
    number: int
    files: DataFiles
    predictions: PredictionRules
    calls: SubmissionCalls


CLASSIC: Final = TournamentKind(
    name="numerai",
    number=8,
    files=DataFiles(
        features="features.json",
        train="train.parquet",
        validation="validation.parquet",
        live="live.parquet",
        meta_model="meta_model.parquet",
        benchmarks="validation_benchmark_models.parquet",
    ),
    predictions=PredictionRules(
        id_column="id",
        value_columns=("prediction", "probability"),
        lowest=0.0,
        highest=1.0,
        maximum_bytes=256_000_000,
    ),
    calls=SubmissionCalls(upload_authorization="submissionUploadAuth", create="createSubmission"),
)

# By the word that `--tournament` takes
TOURNAMENTS: Final[Mapping[str, TournamentKind]] = {CLASSIC.name: CLASSIC}
