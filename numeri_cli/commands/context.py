"""Context: what every command works with. Each part is made when it is first asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from numeri_cli.commands import STARTER_MODEL
from numeri_cli.commands.endpoint import API_URL, Endpoint, environment_host, resolve
from numeri_cli.commands.plausible_round import require_reachable
from numeri_cli.config import Profile, find_profile, read_profile, starter_profile
from numeri_cli.credentials import Keys, find_keys, stored_secrets
from numeri_cli.deadline.deadline import Deadline, NoDeadline
from numeri_cli.errors import DiskError, KeysMissing, LedgerDamaged, ProfileMissing
from numeri_cli.files import expanded
from numeri_cli.home import Home
from numeri_cli.log import Log, Mask
from numeri_cli.progress import SILENT, Listener
from numeri_cli.tournaments import CLASSIC, DATA_VERSION, DataFiles

if TYPE_CHECKING:
    from httpx import BaseTransport

    from numeri_cli.api.client import Client
    from numeri_cli.api.http.rates import TokenBucket
    from numeri_cli.api.started_by import StartedBy
    from numeri_cli.learning.artifact import Predictors
    from numeri_cli.learning.workspace import Workspace
    from numeri_cli.ledger.ledger import Ledger
    from numeri_cli.ledger.recovery import LedgerNotice, Recovery
    from numeri_cli.practice.tournament import Tournament
    from numeri_cli.records import Round


class Context:
    """One tournament, one profile, and the means to reach both.

    asked_tournament, asked_profile: as named on the command line; None where nothing was said
    listener: hears what long work does; log: where it is written down, by default nowhere
    deadline: by when the work has to be done; by default nobody waits for it
    patience_seconds: each question is asked once and may take so long; None: as the profile says
    """

    def __init__(
        self,
        *,
        home: Home,
        asked_tournament: str | None = None,
        asked_profile: Path | None = None,
        listener: Listener = SILENT,
        log: Log | None = None,
        deadline: Deadline | None = None,
        patience_seconds: float | None = None,
    ) -> None:
        self.home, self.patience_seconds = home, patience_seconds
        self.mends_ledger = True  # not for who looks at it and changes nothing
        self.log = log or Log(None, command="", mask=Mask(), trouble=listener.step)
        self.listener = listener
        self.deadline: Deadline = deadline or NoDeadline()
        self.predictors: Predictors | None = None  # other machines, where some are to predict
        self.predicted: dict[Path, Path] = {}  # by the place where it is kept, what was written
        self.asked_tournament = asked_tournament
        self.asked_profile = expanded(asked_profile) if asked_profile else None

    @cached_property
    def profile_path(self) -> Path | None:
        """Where the profile is; None where there is none. Raises ProfileMissing, DiskError."""
        return find_profile(self.asked_profile, self.home.profile)

    @cached_property
    def profile(self) -> Profile:
        """The profile; the starter's, where practice was asked for and there is none.

        Raises ProfileMissing, ProfileInvalid, DiskError.
        """
        if self.profile_path is not None:
            asked = self.asked_tournament or os.environ.get(API_URL)
            return read_profile(self.profile_path, asked=asked)
        if self.uses_starter:
            return starter_profile(STARTER_MODEL, tournament="practice")
        raise ProfileMissing(
            f"there is no profile: neither ./numeri.toml nor {self.home.profile}",
            hint="`numeri init` writes one; without an account try `--tournament practice`",
        )

    def require_profile(self) -> Profile:
        """The profile, before any work is done. Raises what `profile` raises."""
        return self.profile

    @property
    def asked_endpoint(self) -> Endpoint:
        """The tournament named on the command line or in the environment, else Numerai."""
        return resolve(self.asked_tournament, None)

    @property
    def uses_starter(self) -> bool:
        """No profile, and practice asked for by name."""
        return self.profile_path is None and self.asked_endpoint.is_practice

    @cached_property
    def endpoint(self) -> Endpoint:
        """The tournament that is meant; the profile is read only where there is one."""
        named = None
        if self.profile_path is not None:
            named = self.profile.tournament
        return resolve(self.asked_tournament, named)

    @property
    def tournament_word(self) -> str:
        """What `--tournament` takes for the tournament that is meant, whoever named it."""
        named = self.profile.tournament if self.profile_path is not None else None
        return self.asked_tournament or os.environ.get(API_URL) or named or CLASSIC.name

    @property
    def named_by(self) -> str:
        """Who names the tournament, in words: the command line, the environment or a profile."""
        if self.asked_tournament:
            return "--tournament"
        if os.environ.get(API_URL):
            return API_URL
        return f"the profile {self.profile_path}" if self.profile_path else "nobody"

    @property
    def is_named_by_profile(self) -> bool:
        """Whether nobody but a profile names the tournament: a file that may be anybody's."""
        return not (self.asked_tournament or os.environ.get(API_URL))

    @property
    def tournament(self) -> str:
        """The key under which everything of this tournament is kept here."""
        return self.endpoint.key

    @cached_property
    def practice(self) -> Tournament:
        """The practice tournament of this home. Raises PracticeMissing, PracticeDamaged."""
        from numeri_cli.practice.tournament import Tournament

        return Tournament.open(self.home.practice, listener=self.listener)

    def make_practice(self) -> None:
        """Create the default practice tournament where it is meant and not there yet."""
        if self.endpoint.is_practice:
            self.make_practice_here()

    def make_practice_here(self) -> None:
        """Create the default practice tournament of this home where there is none."""
        from numeri_cli.practice.tournament import Tournament, WorldSettings

        if not Tournament.exists(self.home.practice):
            self.listener.say(f"Creating a practice tournament in {self.home.practice} …")
            Tournament.create(
                self.home.practice, WorldSettings(), field=False, listener=self.listener
            ).close()

    @cached_property
    def keys(self) -> Keys | None:
        """The keys for the tournament's host, or None; the log's mask learns them."""
        if self.endpoint.is_practice:
            keys = Keys(*self.practice.participant_keys())
        else:
            found = find_keys(
                self.home.credentials, self.endpoint.host, environment_host=environment_host()
            )
            if found is None:
                return None
            keys = found.keys
        for one in (keys.public_id, keys.secret):  # they may be swapped
            self.log.mask.know(one)
        return keys

    def require_keys(self) -> Keys:
        """The keys. Raises KeysMissing where there are none."""
        if self.keys is None:
            cure = "`numeri login` stores them; or set NUMERAI_PUBLIC_ID and NUMERAI_SECRET_KEY"
            if self.profile_path is None and self.home.practice.is_dir():
                cure = f"`--tournament practice` needs none; {cure}"
            raise KeysMissing(f"no keys are known for {self.endpoint.host}", hint=cure)
        return self.keys

    def secrets(self) -> tuple[str, ...]:
        """The keys that were used or are stored; none of them may be written anywhere."""
        used = self.__dict__.get("keys")
        own = (used.public_id, used.secret) if isinstance(used, Keys) else ()
        return (*own, *stored_secrets(self.home.credentials))

    @cached_property
    def client(self) -> Client:
        """The API of the tournament, over a socket or, for practice, in this process."""
        return self.connect(self.keys)

    def connect(self, keys: Keys | None) -> Client:
        """A client with these keys; the profile says how long it tries."""
        from numeri_cli.api.client import Client
        from numeri_cli.api.http.limits import Limits

        limits = Limits()
        if (seconds := self.patience_seconds) is not None:
            limits = replace(
                limits,
                connect_seconds=seconds,
                read_seconds=seconds,
                total_seconds=seconds,
                attempts=1,
            )
        elif self.profile_path is not None:
            limits = replace(
                limits,
                no_progress_seconds=self.profile.no_progress_seconds,
                connections=self.profile.connections,
                **self.profile.wire.model_dump(exclude_none=True),
            )
        return Client(
            self.endpoint.address,
            keys=keys,
            transport=self._transport(),
            limits=limits,
            listener=self.listener,
            tournament=self.endpoint.kind,
            bucket=self._bucket,
            judge_round=self._require_reachable,
            started_by=self._started_by(),
        )

    def _started_by(self) -> StartedBy:
        """What has started this process, to be told with what it submits."""
        from numeri_cli.api.started_by import StartedBy

        found = StartedBy.of_environment(os.environ)
        for name in found.ignored:
            self.listener.say(f"{name} holds no id of a webhook or machine: it is not passed on")
        return found

    def _require_reachable(self, newest: Round) -> None:
        """Raise ServerTrouble where no tournament comes from the last round known to this one.

        Practice is our own, and its clock goes as far as its owner moves it.
        """
        if self.endpoint.is_practice:
            return
        with suppress(LedgerDamaged, DiskError):  # then nothing is known
            if "ledger" in self.__dict__ or self.home.ledger.is_file():
                for known in self.ledger.rounds(self.tournament, limit=1):
                    require_reachable(newest, known, host=self.endpoint.host)

    @cached_property
    def _bucket(self) -> TokenBucket:
        """The tokens of the published limits, shared by all clients of this process."""
        from numeri_cli.api.http.rates import TokenBucket

        return TokenBucket()

    def _transport(self) -> BaseTransport | None:
        if not self.endpoint.is_practice:
            return None
        from httpx import WSGITransport

        from numeri_cli.practice.server.server import application

        return WSGITransport(app=application(self.practice))

    @property
    def ledger(self) -> Ledger:
        """What this machine has done; a damaged ledger is set aside, and said to be.

        Raises DiskFull, PathForbidden, DiskTrouble; LedgerDamaged where it is not to be mended.
        """
        ledger, recovery = self._ledger, self._recovery
        if recovery.is_new and self.mends_ledger:
            recovery.is_new = False
            from numeri_cli.commands.refilling import Sources, refill

            sources = Sources(
                tournament=self.tournament,
                models=self.home.models(self.tournament),
                client=self._keyed_client,
                listener=self.listener,
            )
            refill(ledger, sources)
        return ledger

    def _keyed_client(self) -> Client:
        self.require_keys()
        return self.client

    @property
    def kept_ledger(self) -> Ledger:
        """The ledger, for who has nothing else to go by, or changes what it says.

        Raises LedgerNewer, LedgerDamaged where nothing of it outlives this process.
        """
        ledger = self.ledger
        if self._recovery.trouble is not None:
            raise self._recovery.trouble
        return ledger

    @property
    def ledger_notice(self) -> LedgerNotice | None:
        """What this command had to do about the ledger; None where that was nothing."""
        recovery = self.__dict__.get("_recovery")
        return recovery.notice if recovery is not None else None

    @cached_property
    def _recovery(self) -> Recovery:
        from numeri_cli.ledger.recovery import Recovery

        def tell(notice: LedgerNotice) -> None:
            self.listener.say(f"{notice.message}: {notice.hint}")

        return Recovery(self.home.ledger, tell)

    @cached_property
    def _ledger(self) -> Ledger:
        if self.mends_ledger:
            return self._recovery.open()
        from numeri_cli.ledger.ledger import Ledger

        return Ledger.open(self.home.ledger)

    @property
    def data_version(self) -> str:
        """Such as "v5.3"; where there is no profile, what one has that names none."""
        if self.profile_path is None and not self.uses_starter:
            return DATA_VERSION
        return self.profile.data_version

    @property
    def dataset(self) -> Path:
        """The folder of this data version's files."""
        return self.home.datasets(self.tournament) / self.data_version

    @property
    def files(self) -> DataFiles:
        """The names of this tournament's files."""
        return self.endpoint.kind.files

    @cached_property
    def workspace(self) -> Workspace:
        """Where the profile's models are trained; its features.json is read once."""
        from numeri_cli.learning.workspace import Workspace

        return Workspace(self.home, self.tournament, self.dataset, profile=self.profile_path)

    def renew_workspace(self) -> Workspace:
        """Another one, once files were brought again."""
        self.__dict__.pop("workspace", None)
        return self.workspace

    def file(self, name: str) -> Path:
        """Where a file of this data version lies, or would."""
        return self.dataset / name

    def close(self) -> None:
        """Close what was opened."""
        for name in ("client", "_ledger", "practice"):
            if name in self.__dict__:
                self.__dict__[name].close()
