"""The only wiring: profile, keys, transport, ledger and screen become one Session."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from numeri_cli.cli.endpoint import Endpoint, environment_host, resolve
from numeri_cli.cli.options import STARTER_MODEL, Shared
from numeri_cli.cli.signals import (
    TerminationAsked,
    interrupted,
    terminated,
    unanswered,
)
from numeri_cli.config import Profile, find_profile, read_profile, starter_profile
from numeri_cli.credentials import Keys, find_keys
from numeri_cli.errors import (
    ExitCode,
    KeysMissing,
    MemoryShort,
    NumeriError,
    ProfileMissing,
)
from numeri_cli.files import disk_error
from numeri_cli.home import Home
from numeri_cli.output.screen import Screen

if TYPE_CHECKING:
    from httpx import BaseTransport

    from numeri_cli.api.client import Client
    from numeri_cli.commands.context import Workshop
    from numeri_cli.commands.outcomes import RunResult
    from numeri_cli.ledger.ledger import Ledger
    from numeri_cli.practice.tournament import Tournament


class Session:
    """What a command works with; each part is made when it is first asked for."""

    def __init__(self, command: str, shared: Shared) -> None:
        self.home = Home.find()
        self.screen = Screen(
            command, as_json=shared.as_json, quiet=shared.quiet, verbose=shared.verbose
        )
        self.listener = self.screen.listener
        self.exit_code = ExitCode.done
        self._shared = shared

    @cached_property
    def profile_path(self) -> Path | None:
        """Where the profile is, or None where there is none."""
        return find_profile(self._shared.profile, self.home.profile)

    @cached_property
    def profile(self) -> Profile:
        """The profile; the starter's, where practice was asked for and there is none.

        Raises ProfileMissing, ProfileInvalid.
        """
        if self.profile_path is not None:
            return read_profile(self.profile_path)
        if self.uses_starter:
            return starter_profile(STARTER_MODEL, tournament="practice")
        raise ProfileMissing(
            f"there is no profile: neither ./numeri.toml nor {self.home.profile}",
            hint="`numeri init` writes one; without an account try `--tournament practice`",
        )

    @property
    def asked_profile(self) -> Path | None:
        """The profile named on the command line."""
        asked = self._shared.profile
        return asked.expanduser().absolute() if asked else None

    @property
    def asked_tournament(self) -> str | None:
        """The tournament as it was named on the command line."""
        return self._shared.tournament

    @property
    def asked_endpoint(self) -> Endpoint:
        """The tournament named on the command line or in the environment, else Numerai."""
        return resolve(self._shared.tournament, None)

    @property
    def uses_starter(self) -> bool:
        """No profile, and practice asked for by name."""
        return self.profile_path is None and self.asked_endpoint.is_practice

    @cached_property
    def endpoint(self) -> Endpoint:
        """The tournament that is meant; the profile is read only where nothing else says it."""
        named = None
        if self.profile_path is not None:
            named = self.profile.tournament
        return resolve(self._shared.tournament, named)

    @cached_property
    def practice(self) -> Tournament:
        """The practice tournament of this home. Raises PracticeMissing, PracticeDamaged."""
        from numeri_cli.practice.tournament import Tournament

        return Tournament.open(self.home.practice, listener=self.listener)

    def make_practice(self) -> None:
        """Create the default practice tournament where it is meant and not there yet."""
        if not self.endpoint.is_practice:
            return
        from numeri_cli.practice.tournament import Tournament
        from numeri_cli.practice.world.world import WorldSettings

        if not Tournament.exists(self.home.practice):
            self.listener.say(f"Creating a practice tournament in {self.home.practice} …")
            Tournament.create(
                self.home.practice, WorldSettings(), field=False, listener=self.listener
            ).close()

    @cached_property
    def keys(self) -> Keys | None:
        """The keys for the tournament's host, or None."""
        if self.endpoint.is_practice:
            return Keys(*self.practice.participant_keys())
        found = find_keys(self.home.credentials, self.endpoint.host, environment_host())
        return found.keys if found else None

    def require_keys(self) -> Keys:
        """The keys. Raises KeysMissing where there are none."""
        if self.keys is None:
            raise KeysMissing(
                f"no keys are known for {self.endpoint.host}",
                hint="`numeri login` stores them; or set NUMERAI_PUBLIC_ID and NUMERAI_SECRET_KEY",
            )
        return self.keys

    @cached_property
    def client(self) -> Client:
        """The API of the tournament, over a socket or, for practice, in this process."""
        return self.connect(self.keys)

    def connect(self, keys: Keys | None) -> Client:
        """A client with these keys; the caller's profile sets its patience."""
        from numeri_cli.api.client import Client
        from numeri_cli.api.http.limits import Limits

        limits = Limits()
        if self.profile_path is not None:
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
        )

    def _transport(self) -> BaseTransport | None:
        if not self.endpoint.is_practice:
            return None
        from httpx import WSGITransport

        from numeri_cli.practice.server.server import application

        return WSGITransport(app=application(self.practice))

    @cached_property
    def ledger(self) -> Ledger:
        """What this machine has done."""
        from numeri_cli.ledger.ledger import Ledger

        return Ledger.open(self.home.ledger)

    @cached_property
    def workshop(self) -> Workshop:
        """Everything an errand needs, in one record."""
        from numeri_cli.commands.context import Workshop

        return Workshop(
            home=self.home,
            tournament=self.endpoint.key,
            profile=self.profile,
            profile_path=self.profile_path,
            client=self.client,
            ledger=self.ledger,
            listener=self.listener,
        )

    def with_next_steps(self, result: RunResult) -> RunResult:
        """The result of a starter's run, with what to type next."""
        if not self.uses_starter:
            return result
        self.listener.say(f"Data, model and ledger are in {self.home.data}")
        steps = (
            "numeri practice advance",
            "numeri run --tournament practice",
            "numeri init --tournament practice",
        )
        return replace(result, next_steps=steps)

    def close(self) -> None:
        """Close what was opened."""
        for name in ("client", "ledger", "practice"):
            if name in self.__dict__:
                self.__dict__[name].close()


@contextmanager
def open_session(command: str, shared: Shared) -> Iterator[Session]:
    """A Session whose errors are shown and become its exit code; an unknown one passes through."""
    session = Session(command, shared)
    error: NumeriError | None = None
    try:
        yield session
    except NumeriError as ours:
        error = ours
    except KeyboardInterrupt:
        error = interrupted()
    except TerminationAsked:
        error = terminated()
    except typer.Abort as abort:
        sys.stderr.write("\n")  # the cursor stands behind the question
        error = unanswered(abort)
    except BrokenPipeError:
        raise  # whoever read standard output has left: Typer ends quietly
    except MemoryError:
        error = MemoryShort(
            "this machine's memory does not suffice",
            hint="take fewer features or a larger era_stride in the profile",
        )
    except OSError as system:
        error = disk_error(system, Path(system.filename or session.home.data))
    finally:
        session.close()
    if error is not None:
        session.exit_code = error.exit_code
        session.screen.fail(error)
    session.screen.close(session.exit_code)
