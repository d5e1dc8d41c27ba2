"""What every command has in common: the shared options, its Context, its screen, its errors."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol

import typer
from typer.core import TyperCommand

from numeri_cli.cli.help_text import SentenceGroup
from numeri_cli.cli.signals import ears, stopped, terminated, unanswered
from numeri_cli.errors import (
    ExitCode,
    MemoryShort,
    NumeriError,
    ScopeMissing,
    TerminationAsked,
    TimeIsUp,
    UsageProblem,
)
from numeri_cli.threads import require_threads, thread_trouble

if TYPE_CHECKING:
    from rich.console import RenderableType

    from numeri_cli.commands.context import Context
    from numeri_cli.deadline.deadline import EnforcedDeadline
    from numeri_cli.output.json import Record, Trouble
    from numeri_cli.output.screen import Screen
    from numeri_cli.output.standard_streams import StandardOutput

Tournament = Annotated[
    str | None,
    typer.Option("--tournament", help="numerai, practice or the address of an API."),
]
ProfilePath = Annotated[
    Path | None, typer.Option("--profile", help="The profile, instead of ./numeri.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Every step, with its time.")]


_MOST_LINES_KEPT = 500  # of a record that standard output did not take
_TAKING_SECRETS = frozenset({"hosted webhook set"})
_UNLOGGED = frozenset({"log"})  # whoever reads it does not want to read of that


class Teller(Protocol):
    """Tells somebody how a command ended; what to warn of, a line each."""

    def __call__(
        self, context: Context, *, exit_code: int, error: NumeriError | None, result: Any
    ) -> Sequence[str]:
        """Tell it; result: the command's record, None where there is none."""


@dataclass(frozen=True)
class Shared:
    """The options that every command takes."""

    tournament: str | None
    profile: Path | None
    as_json: bool
    quiet: bool
    verbose: bool


def _shared(
    tournament: Tournament = None,
    profile: ProfilePath = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> Shared:
    return Shared(tournament, profile, as_json=as_json, quiet=quiet, verbose=verbose)


@cache
def _shared_parameters() -> tuple[Any, ...]:
    """The shared options as Typer has them."""
    app = typer.Typer(add_completion=False)
    app.command()(_shared)
    return tuple(typer.main.get_command(app).params)


class Invocation(typer.Context):
    """One command as it was called: a Context to work with, and a screen to show its record."""

    context: Context
    screen: Screen
    output: StandardOutput
    ends_with: ExitCode
    deadline: EnforcedDeadline | None = None
    tell: Teller | None  # set by a command that somebody may want to hear of
    record: Any
    problems: Sequence[Trouble]
    is_below: bool  # whether a command below this group is meant

    def begin(self, shared: Shared) -> None:
        """Make the screen and the Context that the shared options ask for."""
        from numeri_cli.commands.context import Context
        from numeri_cli.home import Home
        from numeri_cli.log import Log, LoggedListener, Mask
        from numeri_cli.output.screen import Screen

        name = self.command_path.removeprefix("numeri ")
        self.screen = Screen(
            name,
            as_json=shared.as_json,
            quiet=shared.quiet,
            verbose=shared.verbose,
            output=self.output.stream,
        )
        home = Home.find()
        log = Log(
            None if name in _UNLOGGED else home.log,
            command=name,
            mask=Mask.of_environment(os.environ),
            trouble=self.screen.listener.step,
        )
        self.context = Context(
            home=home,
            asked_tournament=shared.tournament,
            asked_profile=shared.profile,
            listener=LoggedListener(self.screen.listener, log),
            log=log,
        )
        self.ends_with, self.tell, self.record, self.problems = ExitCode.done, None, None, ()
        for secret in _secrets_typed(name, self.obj or ()):
            log.mask.know(secret)
        log.begin(" ".join(["numeri", *(self.obj or ())]))

    def enforce_deadline(self) -> None:
        """End the command where its deadline passes, if need be from outside."""
        from numeri_cli.cli.last_words import LastWordsOf
        from numeri_cli.deadline.deadline import EnforcedDeadline

        words = LastWordsOf(
            self.context, as_json=self.screen.as_json, is_told=self.tell is not None
        )
        self.deadline = EnforcedDeadline(
            words, output=self.output.descriptor, ears=ears(), terminated=terminated()
        )
        self.context.deadline = self.deadline

    def printed(self, line: str) -> None:
        """A library or somebody's class printed a line."""
        if "context" in vars(self):
            log = self.context.log
            log.write("printed", line)
            self.screen.printed(log.mask.text(line))

    def show(
        self,
        record: Record,
        view: Callable[[Record], RenderableType],
        *,
        exit_code: ExitCode = ExitCode.done,
        problems: Sequence[Trouble] = (),
        paged: bool = False,
    ) -> None:
        """Show the command's record; `view` makes of it what a person sees.

        problems: errors that the record tells of, the worst first
        paged: in the user's pager, where it is longer than the screen
        """
        self.ends_with, self.record, self.problems = exit_code, record, problems
        self.screen.show(record, view, paged=paged)
        self.screen.own_up(problems)


def _secrets_typed(command: str, words: Sequence[str]) -> list[str]:
    """Parts of the command line that nobody may read later: what makes a webhook hard to guess."""
    if command not in _TAKING_SECRETS:
        return []
    typed = (word.rpartition("://")[2].partition("/")[2] for word in words)
    return [part for part in typed if part]


class Command(TyperCommand):
    """A command that takes the shared options behind its own and ends with an exit code."""

    context_class = Invocation

    def __init__(self, *args: Any, params: list[Any] | None = None, **settings: Any) -> None:
        super().__init__(*args, params=[*(params or ()), *_shared_parameters()], **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; its errors are shown, and become the exit code."""
        _run(ctx, super().invoke)


class CommandGroup(SentenceGroup):
    """A command that others stand below: `numeri models` lists, `numeri models export` does not."""

    context_class = Invocation

    def __init__(self, *args: Any, params: list[Any] | None = None, **settings: Any) -> None:
        super().__init__(*args, params=[*(params or ()), *_shared_parameters()], **settings)

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        """Note whether one of the commands below is meant, whose options stand behind it."""
        below = [word for word in args if word in self.commands]
        first = args[0] if args else ""
        made: Any = super().make_context(info_name, args, parent, **extra)
        made.is_below = bool(below) and first == below[0]
        is_wrong = below and not made.is_below and first.startswith("-")
        if is_wrong and not made.resilient_parsing:  # the shell asks before the line is whole
            made.fail(f"options of {below[0]} stand behind it")
        return made

    def invoke(self, ctx: Any) -> Any:
        """Run the command below that is meant, or else this one."""
        if not ctx.is_below:
            _run(ctx, super().invoke)
        alone = copy(self)  # what stands below is run without it; this one serves other calls, too
        alone.callback = None
        return super(CommandGroup, alone).invoke(ctx)


def _run(ctx: Any, invoke: Callable[[Any], Any]) -> NoReturn:
    """Do what the context asks for; errors are shown, and become the exit code."""
    shared = _shared(**{one.name: ctx.params.pop(one.name) for one in _shared_parameters()})
    from numeri_cli.output.standard_streams import StandardOutput

    ctx.output = StandardOutput(ctx.printed)
    try:
        ctx.begin(shared)
        with _errors_shown(ctx):
            _require_applicable(ctx.command_path.removeprefix("numeri "), shared)
            if few := require_threads(os.environ):
                ctx.context.listener.say(few)
            invoke(ctx)
    finally:
        ctx.output.close()
        if ctx.deadline is not None:
            ctx.deadline.close(ctx.ends_with)
    raise typer.Exit(ctx.ends_with)


def _require_applicable(command: str, shared: Shared) -> None:
    """Raise UsageProblem for a shared option that says nothing to this command."""
    is_practice, is_log = command.startswith("practice "), command in _UNLOGGED
    if shared.quiet and shared.verbose:
        raise UsageProblem("--quiet and --verbose contradict each other", hint="leave one out")
    if shared.profile is not None and (is_practice or is_log):
        raise UsageProblem(f"{command} reads no profile", hint="leave --profile out")
    other = shared.tournament not in (None, "practice")
    if (is_practice and other) or (shared.tournament is not None and is_log):
        whose = "this machine's log" if is_log else "the practice tournament"
        raise UsageProblem(f"{command} is about {whose}", hint="leave --tournament out")


@contextmanager
def _errors_shown(call: Invocation) -> Iterator[None]:
    """Whatever happens inside is shown and becomes the exit code."""
    error: NumeriError | None = None
    try:
        yield
    except (typer.Exit, typer.TyperException, BrokenPipeError) as passing:
        # of a broken pipe the reader has left: Typer ends quietly
        _end(call, None, exit_code=getattr(passing, "exit_code", call.ends_with))
        raise
    except (Exception, KeyboardInterrupt, TerminationAsked, TimeIsUp) as raised:
        error = _told(raised, call)
    finally:
        if call.deadline is not None:
            call.deadline.unwound()
        call.context.close()
    if error is not None:
        call.ends_with = error.exit_code
        call.screen.fail(error)
    call.screen.close(call.ends_with)
    _keep_unwritten(call)
    _end(call, error, exit_code=error.exit_code if error else call.ends_with)


def _keep_unwritten(call: Invocation) -> None:
    """Write into the log what could not be written on standard output, and say so."""
    unwritten = call.screen.unwritten
    if unwritten is None:
        return
    for line in unwritten.text.splitlines()[:_MOST_LINES_KEPT]:
        call.context.log.write("unwritten", line)
    call.screen.warn(f"{unwritten.words}; `numeri log --run {call.context.log.run}` shows the rest")


def _end(call: Invocation, error: NumeriError | None, *, exit_code: int) -> None:
    """Tell whoever wants to hear how the command ended, and write it down."""
    context = call.context
    try:
        if call.tell is not None:
            told = call.tell(context, exit_code=exit_code, error=error, result=call.record)
            for warning in told:
                call.screen.warn(warning)
    finally:
        worst = error or next(iter(call.problems), None)
        context.log.end(exit_code, f"{worst.code}: {worst.message}" if worst else "")


def _is_short_of_memory(raised: BaseException) -> bool:
    """Whether memory did not suffice, for data or for a library that was to be loaded."""
    if isinstance(raised, ImportError):
        return "failed to map segment" in str(raised) or "annot allocate memory" in str(raised)
    return isinstance(raised, MemoryError) or getattr(raised, "errno", None) == errno.ENOMEM


def _told(raised: BaseException, call: Invocation) -> NumeriError:
    """The error of ours that says what was raised."""
    if isinstance(raised, ScopeMissing) and call.command_path != "numeri login":
        raised.hint = f"{raised.hint}: `{call.command_path}` needs it"
    if isinstance(raised, NumeriError):
        return raised
    if isinstance(raised, typer.Abort):
        sys.stderr.write("\n")  # the cursor stands behind the question
        return unanswered(raised)
    if (ended := stopped(raised) or thread_trouble(raised)) is not None:
        return ended
    if _is_short_of_memory(raised):
        return MemoryShort(
            "this machine's memory does not suffice",
            hint="take fewer features or a larger era_stride in the profile",
        )
    if isinstance(raised, OSError):
        from numeri_cli.files import disk_error

        return disk_error(raised, Path(raised.filename or call.context.home.data))
    from numeri_cli.cli.crash import unexpected

    return unexpected(
        raised,
        home=call.context.home,
        secrets=(
            *call.context.secrets(),
            *_secrets_typed(call.command_path.removeprefix("numeri "), call.obj or ()),
        ),
        words=call.obj or (),
    )
