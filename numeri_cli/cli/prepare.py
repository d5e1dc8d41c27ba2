"""Before the first round: a profile, keys, data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.options import command
from numeri_cli.commands.endpoint import STARTER_MODEL
from numeri_cli.errors import KeysMissing, ProfileInvalid, ScopeMissing, UsageProblem

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session
    from numeri_cli.credentials import Keys

NEEDED_SCOPES = ("upload_submission", "read_submission_info", "read_user_info")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this room."""
    command(app)(init)
    command(app)(login)
    command(app)(logout)
    command(app)(datasets)
    command(app)(download)


def init(
    session: Session,
    model: Annotated[
        str, typer.Option("--model", help="Your model's name on the server.")
    ] = STARTER_MODEL,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a profile that is there.")
    ] = False,
) -> None:
    """Write a commented profile, numeri.toml, in the current directory.

    numeri init --tournament practice
    """
    from numeri_cli.commands import views
    from numeri_cli.config import profile_text, read_profile
    from numeri_cli.files import write_text
    from numeri_cli.output.text import tables

    path = session.context.asked_profile or Path("numeri.toml").absolute()
    if path.exists() and not force:
        raise ProfileInvalid(f"{path} is already there", hint="edit it, or replace it with --force")
    endpoint = session.context.asked_endpoint
    name = endpoint.key if endpoint.key in {"numerai", "practice"} else endpoint.address
    practice = endpoint.key != "numerai"
    text = profile_text(model, tournament=name, data_version="v5.3", practice=practice)
    write_text(path, text)
    try:
        read_profile(path)
    except ProfileInvalid:
        path.unlink()
        raise
    steps = ("numeri run",) if endpoint.is_practice else ("numeri login", "numeri run")
    session.screen.show(views.Written(path, name, model, steps), tables.written)


def login(
    session: Session,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read public id and secret key, a line each.")
    ] = False,
) -> None:
    """Ask for the API keys, check them with the server, and store them for this user only.

    numeri login
    """
    from numeri_cli.commands import views
    from numeri_cli.credentials import store_keys
    from numeri_cli.output.text import tables

    if session.context.endpoint.is_practice:
        raise UsageProblem(
            "the practice tournament keeps its own keys",
            hint="nothing to store: `numeri run --tournament practice`",
        )
    keys = _asked_keys(session, stdin)
    with session.context.connect(keys) as client:
        info = client.token_info()
    missing = tuple(scope for scope in NEEDED_SCOPES if scope not in info.scopes)
    if missing:
        raise ScopeMissing(
            f"these keys of {info.account} lack: {', '.join(missing)}",
            hint="make keys with these permissions on numer.ai > Account > Automation",
        )
    file, host = session.context.home.credentials, session.context.endpoint.host
    store_keys(file, keys, host=host)
    record = views.LoggedIn(info.account, host, info.scopes, missing, file)
    session.screen.show(record, tables.logged_in)


def _asked_keys(session: Session, stdin: bool) -> Keys:
    from numeri_cli.commands.endpoint import environment_host
    from numeri_cli.credentials import check_keys, environment_keys

    if stdin or not sys.stdin.isatty():
        public_id, secret = (sys.stdin.readline(), sys.stdin.readline())
        if public_id.strip() or stdin:
            return check_keys(public_id, secret)
    found = environment_keys(session.context.endpoint.host, environment_host())
    if found is not None:
        session.context.listener.say("Keys taken from the environment.")
        return found
    if not sys.stdin.isatty():
        raise KeysMissing(
            "no keys were given",
            hint="`numeri login` in a terminal asks for them; or pipe two lines into `--stdin`",
        )
    public_id = typer.prompt("Public id", err=True)
    secret = typer.prompt("Secret key", hide_input=True, err=True)
    return check_keys(public_id, secret)


def logout(session: Session) -> None:
    """Forget the stored keys of this tournament's host.

    numeri logout
    """
    from numeri_cli.commands import views
    from numeri_cli.credentials import forget_keys
    from numeri_cli.output.text import tables

    host = session.context.endpoint.host
    forgotten = forget_keys(session.context.home.credentials, host)
    session.screen.show(views.LoggedOut(host, forgotten), tables.logged_out)


def datasets(
    session: Session,
    every: Annotated[
        bool, typer.Option("--all", help="Other data versions too, not the profile's alone.")
    ] = False,
) -> None:
    """List what can be downloaded, what is here, how big and how fresh; and binned data.

    numeri datasets
    """
    from numeri_cli.commands import views
    from numeri_cli.commands.datasets import (
        binned,
        offered,
    )
    from numeri_cli.output.text import datasets as tables

    context = session.context
    files = tuple(
        file
        for file in offered(context)
        if every or file.name.startswith(f"{context.data_version}/")
    )
    record = views.Datasets(
        session.context.endpoint.key,
        files,
        binned(context),
        context.home.binned(context.tournament),
    )
    session.screen.show(record, tables.datasets)


def download(
    session: Session,
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Such as live or train.parquet; the usual ones by default."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Even what did not change.")] = False,
) -> None:
    """Download data, verified and resumed; what did not change is left.

    numeri download live validation
    """
    from numeri_cli.commands import views
    from numeri_cli.commands.datasets import (
        bring,
        file_name,
    )
    from numeri_cli.output.text import datasets as tables

    version = session.context.profile.data_version  # its refusal comes before any work
    session.context.make_practice()
    offered = session.context.files
    names = offered.usual
    if files:
        names = tuple(file_name(word, version=version, files=offered) for word in files)
    rows = tuple(
        views.DownloadedRow(done.record.name, done.record.size_bytes, done.unchanged, done.path)
        for done in bring(session.context, names, force=force)
    )
    session.screen.show(views.Downloaded(rows), tables.downloaded)
