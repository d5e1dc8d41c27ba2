"""Every error a user can meet, each with a fact, a cure, a stable code and an exit code.

NumeriError
├── UsageProblem                 2  usage
├── ProfileError                 1
│   ├── ProfileMissing              profile_missing
│   ├── ProfileInvalid              profile_invalid
│   └── ModelUnknown                model_unknown
├── CredentialsError             3
│   ├── KeysMissing                 keys_missing
│   ├── KeysRefused                 keys_refused
│   ├── ScopeMissing                scope_missing
│   └── CredentialsUnsafe           credentials_unsafe
├── DataError                    1
│   ├── FileMissing                 file_missing
│   ├── FileDamaged                 file_damaged
│   ├── FileForeign                 file_foreign
│   ├── DatasetUnknown              dataset_unknown
│   ├── FeatureUnknown              feature_unknown
│   ├── TargetUnknown               target_unknown
│   ├── TargetAlias                 target_alias
│   ├── TargetMissing               target_missing
│   └── LiveDataStale            4  live_data_stale
├── ModelError                   1
│   ├── ModelUntrained              model_untrained
│   ├── ArtifactDamaged             artifact_damaged
│   ├── ArtifactForeign             artifact_foreign
│   ├── EstimatorInvalid            estimator_invalid
│   ├── ParameterUnknown            parameter_unknown
│   ├── MemoryShort                 memory_short
│   ├── ThreadsShort             4  threads_short
│   ├── PickleUntrusted             pickle_untrusted
│   ├── PickleUnfit                 pickle_unfit
│   ├── PythonMissing               python_missing
│   ├── RetrainingOverdue        4  retraining_overdue
│   └── LibraryMissing              library_missing
├── PredictionsError             1
│   ├── PredictionsHeaders          predictions_headers
│   ├── PredictionsIds              predictions_ids
│   └── PredictionsValues           predictions_values
├── SubmissionError              1
│   ├── SubmissionRefused           submission_refused
│   ├── GuardRefused                guard_refused
│   ├── SubmissionStands            submission_stands
│   ├── ConsentMissing              consent_missing
│   ├── HostedModel                 hosted_model
│   ├── SubmissionUnconfirmed    4  submission_unconfirmed
│   ├── NoRoundOpen              6  no_round_open
│   └── RoundClosed              6  round_closed
├── HostingError                 1
│   ├── SlotUnfit                   slot_unfit
│   ├── WebhookSet                  webhook_set
│   ├── HostedTwice                 hosted_twice
│   ├── HostedMissing               hosted_missing
│   ├── HostedFailed                hosted_failed
│   └── HostedPending            4  hosted_pending
├── DiagnosticsError             1
│   ├── DiagnosticsFailed           diagnostics_failed
│   └── DiagnosticsPending       4  diagnostics_pending
├── ApiError                     4
│   ├── ApiRefused               1  api_refused
│   ├── ApiChanged                  api_changed
│   ├── Unreachable                 unreachable
│   ├── ServerTrouble               server_trouble
│   ├── RateLimited                 rate_limited
│   └── AddressUnsafe            1  address_unsafe
├── TransferError                4
│   ├── TransferFailed              transfer_failed
│   ├── TransferStalled             transfer_stalled
│   ├── TransferRefused             transfer_refused
│   └── TransferCorrupt             transfer_corrupt
├── DiskError                    4
│   ├── DiskFull                    disk_full
│   ├── PathForbidden               path_forbidden
│   ├── LocksUnsupported            locks_unsupported
│   └── DiskTrouble                 disk_trouble
├── ClusterError                 4
│   ├── ClusterUnreachable          cluster_unreachable
│   ├── ClusterLost                 cluster_lost
│   ├── ClusterEmpty                cluster_empty
│   ├── MemberFailed                member_failed
│   ├── ClusterUnsafe            1  cluster_unsafe
│   └── ClusterMismatch          1  cluster_mismatch
├── LedgerDamaged                4  ledger_damaged
│   └── LedgerNewer                 ledger_damaged
├── LockHeld                     5  lock_held
├── RunOverdue                   4  run_overdue
├── PracticeError                1
│   ├── PracticeMissing             practice_missing
│   ├── PracticeExists              practice_exists
│   ├── PracticeDamaged             practice_damaged
│   └── PracticeSettings            practice_settings
├── ScheduleError                1  schedule
├── NotificationError            1
│   ├── NotificationsMissing        notifications_missing
│   ├── NotificationRefused         notification_refused
│   └── NotificationUndelivered  4  notification_undelivered
├── RunUnknown                   1  run_unknown
├── Unexpected                   1  unexpected
├── Interrupted                130  interrupted
└── Terminated                 143  terminated

A code never changes its meaning; machines read it. An exception outside this tree is our bug, and
is told as Unexpected.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, ClassVar

from numeri_cli.inert_text import inert


class ExitCode(IntEnum):
    """What the process says when it ends; stable, told in guide/exit-codes-and-json.md."""

    done = 0
    refused = 1
    usage = 2
    keys = 3
    trouble = 4
    locked = 5
    no_round = 6
    interrupted = 130
    terminated = 143


WORST_FIRST = (
    ExitCode.keys,
    ExitCode.refused,
    ExitCode.trouble,
    ExitCode.no_round,
    ExitCode.locked,
    ExitCode.done,
)


def worst(codes: list[ExitCode]) -> ExitCode:
    """The exit code of a process that worked on several models; done where there are none."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.done)


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.5) -> str | None:
    """The known name most like this one, whatever the case; None where none is like it.

    likeness: the least that counts, from 0 to 1; more where a wrong guess is worse than none
    """
    from difflib import get_close_matches

    lower = {candidate.lower(): candidate for candidate in known}
    matches = get_close_matches(name.lower(), list(lower), n=1, cutoff=likeness)
    return lower[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str, likeness: float = 0.5) -> str:
    """The cure for a name that is not known: the nearest that is, else `otherwise`."""
    match = nearest(name, known, likeness=likeness)
    return f"did you mean {match!r}?" if match else otherwise


class NumeriError(Exception):
    """A fact in one sentence, a cure, a stable code and an exit code.

    message: one sentence without a full stop, never with a secret in it
    hint: what to do about it; may name a command in backquotes
    lines: of our own, to be copied; they follow the hint as they are
    after_seconds: after which time the server asks us to come back; None where it says nothing
    lasting: no time will mend it, whatever its class says in `may_pass`
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.refused
    may_pass: bool = False  # whether a command that waits may hope for it to pass by itself

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        lines: str = "",
        after_seconds: float | None = None,
        lasting: bool = False,
    ) -> None:
        # names of files, columns and models stand in them, and words of servers and libraries
        message = inert(message)
        super().__init__(message)
        self.message = message
        self.hint = f"{inert(hint)}\n{lines}" if lines else inert(hint)
        self.after_seconds = after_seconds
        if lasting:
            self.may_pass = False


class UsageProblem(NumeriError):
    """The words on the command line do not fit together."""

    code, exit_code = "usage", ExitCode.usage


class ProfileError(NumeriError):
    """numeri.toml cannot be used as it is."""


class ProfileMissing(ProfileError):
    """There is no profile where one was looked for."""

    code = "profile_missing"


class ProfileInvalid(ProfileError):
    """The profile has an unknown key, a wrong type or is no TOML."""

    code = "profile_invalid"


class ModelUnknown(ProfileError):
    """The profile or the account has no model of that name."""

    code = "model_unknown"


class CredentialsError(NumeriError):
    """Keys or permissions."""

    exit_code = ExitCode.keys


class KeysMissing(CredentialsError):
    """No keys are known for this host."""

    code = "keys_missing"


class KeysRefused(CredentialsError):
    """The server does not know these keys."""

    code = "keys_refused"


class ScopeMissing(CredentialsError):
    """The keys are good but may not do this."""

    code = "scope_missing"


class CredentialsUnsafe(CredentialsError):
    """The file of keys can be read by others, or is no file of ours."""

    code = "credentials_unsafe"


class DataError(NumeriError):
    """A data file is not what it should be."""


class FileMissing(DataError):
    """A file that is needed is not there."""

    code = "file_missing"


class FileDamaged(DataError):
    """A file is cut off, or is not of the format its name says."""

    code = "file_damaged"


class FileForeign(DataError):
    """A sound file, but of another kind: columns are missing or of the wrong type."""

    code = "file_foreign"


class DatasetUnknown(DataError):
    """The tournament offers no such file."""

    code = "dataset_unknown"


class FeatureUnknown(DataError):
    """No feature, or feature set, has that name in this data version."""

    code = "feature_unknown"


class TargetUnknown(DataError):
    """No target has that name in this data version."""

    code = "target_unknown"


class TargetAlias(DataError):
    """The bare name `target`, which changes its meaning between versions."""

    code = "target_alias"


class TargetMissing(DataError):
    """No row has a value for the target."""

    code = "target_missing"


class LiveDataStale(DataError):
    """The live file is that of an earlier round, or this round's is not published yet."""

    code, exit_code = "live_data_stale", ExitCode.trouble
    may_pass = True


class ModelError(NumeriError):
    """A model cannot be trained or used."""


class ModelUntrained(ModelError):
    """There is no artifact of this model."""

    code = "model_untrained"


class ArtifactDamaged(ModelError):
    """A trained model on disk is incomplete or altered."""

    code = "artifact_damaged"


class ArtifactForeign(ModelError):
    """A trained model does not belong to this data or tournament."""

    code = "artifact_foreign"


class EstimatorInvalid(ModelError):
    """The estimator of the profile cannot be imported or lacks fit and predict."""

    code = "estimator_invalid"


class ParameterUnknown(ModelError):
    """The estimator knows no such parameter, or not this value."""

    code = "parameter_unknown"


class MemoryShort(ModelError):
    """The machine has less memory or disk than the plan needs."""

    code = "memory_short"


class ThreadsShort(ModelError):
    """The system lets this user or container start no more threads."""

    code, exit_code = "threads_short", ExitCode.trouble


class PickleUntrusted(ModelError):
    """A pickle was not opened, since nobody on this machine has trusted its bytes."""

    code = "pickle_untrusted"


class PickleUnfit(ModelError):
    """A hosted model would fail on Numerai's machines, or predict something else there."""

    code = "pickle_unfit"


class PythonMissing(ModelError):
    """No image of Numerai's has this Python, or this machine has not the Python that is needed."""

    code = "python_missing"


class RetrainingOverdue(ModelError):
    """A retraining took longer than the profile lets it."""

    code, exit_code = "retraining_overdue", ExitCode.trouble


class LibraryMissing(ModelError):
    """A system library or an optional package is not installed."""

    code = "library_missing"


class PredictionsError(NumeriError):
    """A prediction file would not be a good submission."""


class PredictionsHeaders(PredictionsError):
    """The columns are not exactly id and prediction."""

    code = "predictions_headers"


class PredictionsIds(PredictionsError):
    """The ids are not those of the live data."""

    code = "predictions_ids"


class PredictionsValues(PredictionsError):
    """A prediction is missing, outside [0, 1], or all are the same."""

    code = "predictions_values"


class SubmissionError(NumeriError):
    """A submission did not come to be accepted."""


class SubmissionRefused(SubmissionError):
    """The server took the file and refused it."""

    code = "submission_refused"


class GuardRefused(SubmissionError):
    """The guard of the profile holds a model back, as it is told to.

    findings: all that the guard has against the model
    """

    code = "guard_refused"

    def __init__(self, message: str, *, hint: str = "", findings: tuple[Any, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.findings = findings


class SubmissionStands(SubmissionError):
    """One is accepted already, and nobody said that it is to be replaced."""

    code = "submission_stands"


class ConsentMissing(SubmissionError):
    """An agent wants to submit, and nobody agreed to it."""

    code = "consent_missing"


class HostedModel(SubmissionError):
    """An uploaded model is assigned, so the server refuses submissions by API."""

    code = "hosted_model"


class SubmissionUnconfirmed(SubmissionError):
    """The upload was made, but the server did not confirm it in time."""

    code, exit_code = "submission_unconfirmed", ExitCode.trouble


class NoRoundOpen(SubmissionError):
    """No round takes submissions now."""

    code, exit_code = "no_round_open", ExitCode.no_round
    may_pass = True


class RoundClosed(SubmissionError):
    """The round's window has passed."""

    code, exit_code = "round_closed", ExitCode.no_round
    may_pass = True


class HostingError(NumeriError):
    """A model that Numerai runs."""


class SlotUnfit(HostingError):
    """Numerai runs no uploaded model for this slot."""

    code = "slot_unfit"


class WebhookSet(HostingError):
    """A webhook is on a slot that is to run an uploaded model, or the other way round."""

    code = "webhook_set"


class HostedTwice(HostingError):
    """An uploaded model would submit for two slots, which nobody has asked for."""

    code = "hosted_twice"


class HostedMissing(HostingError):
    """A slot runs no uploaded model, or there is none that could be meant."""

    code = "hosted_missing"


class HostedFailed(HostingError):
    """The server could not run an uploaded model; its own words are the message."""

    code = "hosted_failed"


class HostedPending(HostingError):
    """The server has not judged an uploaded model yet, or does not confirm what it did."""

    code, exit_code = "hosted_pending", ExitCode.trouble


class DiagnosticsError(NumeriError):
    """The server's own validation did not come about."""


class DiagnosticsFailed(DiagnosticsError):
    """The server could not score the file; its reason is in the message."""

    code = "diagnostics_failed"


class DiagnosticsPending(DiagnosticsError):
    """The server has the file but no figures yet."""

    code, exit_code = "diagnostics_pending", ExitCode.trouble


class ApiError(NumeriError):
    """The tournament's API."""

    exit_code = ExitCode.trouble


class ApiRefused(ApiError):
    """The server understood and said no; its own words are the message."""

    code, exit_code = "api_refused", ExitCode.refused


class ApiChanged(ApiError):
    """An answer lacks what was asked for."""

    code = "api_changed"


class Unreachable(ApiError):
    """No connection, or none that lasted."""

    code = "unreachable"
    may_pass = True


class ServerTrouble(ApiError):
    """The server answered with an error of its own."""

    code = "server_trouble"
    may_pass = True


class RateLimited(ApiError):
    """The server asks us to slow down, for longer than we may wait."""

    code = "rate_limited"
    may_pass = True


class AddressUnsafe(ApiError):
    """An address without TLS that is not on this machine."""

    code, exit_code = "address_unsafe", ExitCode.refused


class TransferError(NumeriError):
    """A file on its way here or there."""

    exit_code = ExitCode.trouble
    may_pass = True


class TransferFailed(TransferError):
    """The connection broke more often than we retry."""

    code = "transfer_failed"


class TransferStalled(TransferError):
    """No byte moved for the time allowed."""

    code = "transfer_stalled"


class TransferRefused(TransferError):
    """The file store answered with a refusal."""

    code = "transfer_refused"


class TransferCorrupt(TransferError):
    """What arrived is not what was announced."""

    code = "transfer_corrupt"


class DiskError(NumeriError):
    """This machine's disk."""

    exit_code = ExitCode.trouble


class DiskFull(DiskError):
    """No space left for what has to be written."""

    code = "disk_full"


class PathForbidden(DiskError):
    """The user may not read or write there."""

    code = "path_forbidden"


class LocksUnsupported(DiskError):
    """Files of this disk cannot be locked, so that two processes could do the same work."""

    code = "locks_unsupported"


class DiskTrouble(DiskError):
    """Any other answer of the operating system."""

    code = "disk_trouble"


class ClusterError(NumeriError):
    """Other machines that train."""

    exit_code = ExitCode.trouble


class ClusterUnreachable(ClusterError):
    """No scheduler answers at the address."""

    code = "cluster_unreachable"


class ClusterLost(ClusterError):
    """The scheduler went away in the middle of a training."""

    code = "cluster_lost"


class ClusterEmpty(ClusterError):
    """The scheduler has no workers."""

    code = "cluster_empty"


class MemberFailed(ClusterError):
    """A member could not be trained, though it was tried on several workers."""

    code = "member_failed"


class ClusterUnsafe(ClusterError):
    """An address without TLS beyond this machine, a certificate that is not trusted, or a key."""

    code, exit_code = "cluster_unsafe", ExitCode.refused


class ClusterMismatch(ClusterError):
    """A worker has other versions than this machine, or is not what the profile says."""

    code, exit_code = "cluster_mismatch", ExitCode.refused


class LedgerDamaged(NumeriError):
    """The ledger is no sound SQLite file, or newer than this program."""

    code, exit_code = "ledger_damaged", ExitCode.trouble


class LedgerNewer(LedgerDamaged):
    """The ledger is sound, and a newer version of this program wrote it."""


class LockHeld(NumeriError):
    """Another run is at work."""

    code, exit_code = "lock_held", ExitCode.locked


class RunOverdue(NumeriError):
    """A run was not done by its deadline."""

    code, exit_code = "run_overdue", ExitCode.trouble


class PracticeError(NumeriError):
    """The practice tournament on this machine."""


class PracticeMissing(PracticeError):
    """No practice tournament has been created here."""

    code = "practice_missing"


class PracticeExists(PracticeError):
    """A practice tournament is already here."""

    code = "practice_exists"


class PracticeDamaged(PracticeError):
    """Files of the practice tournament are missing or altered."""

    code = "practice_damaged"


class PracticeSettings(PracticeError):
    """A world with these measures cannot be made."""

    code = "practice_settings"


class ScheduleError(NumeriError):
    """The schedule cannot be installed as asked."""

    code = "schedule"


class NotificationError(NumeriError):
    """Somebody could not be told."""


class NotificationsMissing(NotificationError):
    """The profile names nobody to tell."""

    code = "notifications_missing"


class NotificationRefused(NotificationError):
    """A service, or a program, does not take the message."""

    code = "notification_refused"


class NotificationUndelivered(NotificationError):
    """A service, or a program, could not be reached or had trouble of its own."""

    code, exit_code = "notification_undelivered", ExitCode.trouble


class RunUnknown(NumeriError):
    """The log has no such run."""

    code = "run_unknown"


class Unexpected(NumeriError):
    """A bug of ours; the hint names the file that tells of it."""

    code = "unexpected"


class Interrupted(NumeriError):
    """Ctrl-C."""

    code, exit_code = "interrupted", ExitCode.interrupted


class Terminated(NumeriError):
    """SIGTERM."""

    code, exit_code = "terminated", ExitCode.terminated


class TerminationAsked(BaseException):
    """SIGTERM came; no handler of errors may take it for the failure of one model or file."""


class TimeIsUp(BaseException):
    """A deadline has come; no handler of errors may take it for the failure of one model or file.

    overdue: the error that says so, as which it is told in the end
    """

    def __init__(self, overdue: NumeriError) -> None:
        super().__init__(overdue.message)
        self.overdue = overdue
