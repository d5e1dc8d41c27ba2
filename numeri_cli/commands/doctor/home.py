"""Whether the folders of this program are the user's own, writable, and closed to others."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.credentials import stored_hosts
from numeri_cli.errors import CredentialsUnsafe, DiskError, NumeriError
from numeri_cli.files import disk_errors

name = "home"
own_errors: tuple[type[NumeriError], ...] = (CredentialsUnsafe, DiskError)
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def look(examination: Examination) -> Iterator[Finding]:
    """The four folders, those around them, and what lies in the data folder itself."""
    home = examination.context.home
    stored_hosts(home.credentials)  # raises where others can read it
    folders = [home.config, home.data, home.cache, home.log]
    found = [one for folder in folders for one in _of_folder(folder)]
    with disk_errors(home.data):
        inside = sorted(home.data.iterdir()) if os.access(home.data, os.R_OK | os.X_OK) else []
    found += _of_places_around(folders)
    strangers = [path for path in inside if path.lstat().st_uid != os.geteuid()]
    found += [_of_stranger(path) for path in strangers]
    yield from found or [fine(name, f"{home.data} and its neighbours are yours alone to write to")]


def _of_folder(folder: Path) -> Iterator[Finding]:
    place = folder
    while not place.exists() and place.parent != place:
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        yield mend(
            name,
            "home_unwritable",
            f"{folder} cannot be written to",
            hint=f"`chmod u+rwx {place}`, or set NUMERI_HOME to a folder of your own",
        )
    if place != folder:
        return  # it is made when it is first needed
    status = folder.stat()
    if status.st_uid != os.geteuid():
        yield _of_stranger(folder)
    elif status.st_mode & _WRITABLE_BY_OTHERS:
        yield mend(
            name,
            "home_open",
            f"{folder} can be written to by other users of this machine",
            hint=f"`chmod go-w {folder}`",
        )


def _of_places_around(folders: Sequence[Path]) -> Iterator[Finding]:
    """Folders on the way to ours in which somebody else can put another one in our place."""
    inside = {folder.resolve() for folder in folders}
    for place in dict.fromkeys(parent for folder in inside for parent in folder.parents):
        if place in inside or not place.is_dir():
            continue
        status = place.stat()
        others = status.st_mode & stat.S_IWOTH
        others |= status.st_mode & stat.S_IWGRP and status.st_gid not in (0, os.getegid())
        if status.st_uid not in (0, os.geteuid()):
            words = "belongs to another user, who can put another folder in its place"
        elif others and not status.st_mode & stat.S_ISVTX:
            words = "can be written to by other users of this machine"
        else:
            continue
        yield mend(
            name,
            "home_in_open_folder",
            f"{place}, in which your home for numeri lies, {words}",
            hint=f"`chmod go-w {place}`, or set NUMERI_HOME to a folder in your own home",
        )


def _of_stranger(path: Path) -> Finding:
    return mend(
        name,
        "home_foreign",
        f"{path} belongs to another user: was numeri run with sudo?",
        hint=f"`sudo chown -R $USER {path}`",
    )
