"""Virtual environments in which hosted models are made and tried; numeri is in none of them.

One holds an image's own versions, brought from the registry. Where they cannot be had, a bare one
holds what an interpreter of this machine has of the same packages.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.children import child_environment
from numeri_cli.errors import EstimatorInvalid
from numeri_cli.files import disk_errors, is_running, write_text
from numeri_cli.hosted.images import ALWAYS, PACKAGES, SUPPORT, VERSIONS_IN_IMAGES, modules_of
from numeri_cli.hosted.interpreters import Interpreter
from numeri_cli.progress import Listener

INSTALL_SECONDS = 1800
_MADE = "numeri.json"  # what is in it, once it is whole
_BROUGHT_ALONG = ("python-dateutil", "pytz", "tzdata", "six", "joblib", "threadpoolctl")
_KEYS = "NUMERAI_"
_LIST = """
import importlib.metadata as metadata, importlib.util as util, json, sys
found = {}
for package, modules in json.loads(sys.argv[1]).items():
    version = ""
    for name in (package, package + "-cpu"):
        try:
            version = version or metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    places = []
    for module in modules:
        spec = util.find_spec(module)
        if spec is not None and spec.origin:
            places.append(spec.origin)
    if places:
        found[package] = {"version": version, "places": places}
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment.

    python: its interpreter; version: such as "3.12.1"
    is_image: whether its packages have the image's versions; note: why not, or ""
    packages: package → version
    readable: folders outside of it that its packages are read from
    """

    python: Path
    version: str
    is_image: bool
    note: str
    packages: Mapping[str, str]
    readable: tuple[Path, ...]

    @property
    def minor(self) -> str:
        """Such as "3.12"."""
        return ".".join(self.version.split(".")[:2])


def make_environment(
    interpreter: Interpreter,
    packages: Iterable[str],
    *,
    root: Path,
    bare: bool,
    listener: Listener,
) -> Environment:
    """An environment with these packages beside those that every model needs; made once.

    root: where environments are kept; bare: do not ask the registry
    Raises EstimatorInvalid where a package is to be had nowhere, DiskError.
    """
    wanted = tuple(dict.fromkeys((*ALWAYS, *packages)))
    note = "the registry was not asked" if bare else ""
    if not bare:
        try:
            return _of_image(interpreter, wanted, root=root, listener=listener)
        except _Unavailable as error:
            note = str(error)
            listener.say(f"the image's versions cannot be had: {note}")
    return _bare(interpreter, wanted, root=root, note=note)


class _Unavailable(Exception):
    """The registry has not what an image has; the message says why."""


def _of_image(
    interpreter: Interpreter, wanted: Sequence[str], *, root: Path, listener: Listener
) -> Environment:
    versions = VERSIONS_IN_IMAGES.get(interpreter.minor)
    if versions is None:
        raise _Unavailable(f"it is not known what an image of Python {interpreter.minor} has")
    pins = {name: versions[name] for name in wanted if name in versions}
    words = [f"{name}=={version}" for name, version in pins.items()]
    folder = root / _name(interpreter, words)

    def fill(made: Path) -> None:
        python = made / "bin" / "python"
        _install(python, [*words, *_BROUGHT_ALONG])
        _warm(python, [module for name in pins for module in modules_of(name)])

    if not (folder / _MADE).is_file():
        shown = ", ".join(f"{name} {version}" for name, version in pins.items())
        listener.say(f"making Numerai's Python {interpreter.minor} once, with {shown}")
        _make_venv(interpreter, folder, pins, with_pip=_uv() is None, fill=fill)
    return Environment(
        python=folder / "bin" / "python",
        version=interpreter.version,
        is_image=True,
        note="",
        packages=pins,
        readable=(),
    )


def _bare(interpreter: Interpreter, wanted: Sequence[str], *, root: Path, note: str) -> Environment:
    """An environment that links to what the interpreter has of the packages, and nothing else."""
    listed = _list(interpreter, (*wanted, *SUPPORT))
    absent = [name for name in wanted if name not in listed and name in ALWAYS]
    if absent:
        raise EstimatorInvalid(
            f"{interpreter.path} has no {absent[0]}, and the registry gives none: {note}",
            hint=f"`{interpreter.path} -m pip install {' '.join(absent)}`, or go online",
        )
    links = {link.name: link for one in listed.values() for link in one.links}
    marks = [f"{name} -> {link}" for name, link in sorted(links.items())]
    folder = root / _name(interpreter, ["bare", *marks])
    packages = {name: one.version for name, one in listed.items() if name in PACKAGES}

    def fill(made: Path) -> None:
        site = made / "lib" / f"python{interpreter.minor}" / "site-packages"
        for name, link in links.items():
            (site / name).symlink_to(link)

    if not (folder / _MADE).is_file():
        _make_venv(interpreter, folder, packages, with_pip=False, fill=fill)
    return Environment(
        python=folder / "bin" / "python",
        version=interpreter.version,
        is_image=False,
        note=note,
        packages=packages,
        readable=tuple(links.values()),
    )


@dataclass(frozen=True)
class _Installed:
    """A package of an interpreter; links: what of its folder belongs to it."""

    version: str
    links: tuple[Path, ...]


def _list(interpreter: Interpreter, packages: Sequence[str]) -> dict[str, _Installed]:
    """What an interpreter has of these packages. Raises EstimatorInvalid where it does not say."""
    asked = json.dumps({name: modules_of(name) for name in packages})
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter that was found, and our own words
            [interpreter.path, "-I", "-c", _LIST, asked],
            capture_output=True,
            env=child_environment(os.environ),
            stdin=subprocess.DEVNULL,
            timeout=INSTALL_SECONDS,
            check=True,
        )
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EstimatorInvalid(
            f"{interpreter.path} does not say which packages it has",
            hint="look whether it works: start it by hand",
        ) from error
    return {
        name: _Installed(one["version"], tuple(_links(name, one["places"])))
        for name, one in told.items()
    }


def _links(package: str, origins: Sequence[str]) -> Iterable[Path]:
    """A package's folders or modules, the libraries that it brings along, what pip wrote of it."""
    for origin in map(Path, origins):
        place = origin.parent if origin.name == "__init__.py" else origin
        yield place
        for stem in {place.stem, package, package.replace("-", "_"), f"{package}_cpu"}:
            yield from place.parent.glob(f"{stem}.libs")
            yield from place.parent.glob(f"{stem}-*.dist-info")


def _name(interpreter: Interpreter, words: Sequence[str]) -> str:
    marks = [str(interpreter.path.resolve()), interpreter.version, *sorted(words)]
    digest = hashlib.sha256("\n".join(marks).encode()).hexdigest()
    return f"python{interpreter.minor}-{digest[:16]}"


def _uv() -> str | None:
    """uv, where it is on PATH or beside this interpreter."""
    beside = Path(sys.executable).parent / "uv"
    return shutil.which("uv") or (str(beside) if beside.is_file() else None)


def _make_venv(
    interpreter: Interpreter,
    folder: Path,
    packages: Mapping[str, str],
    *,
    with_pip: bool,
    fill: Callable[[Path], None],
) -> None:
    """Make an environment beside its place and rename it, once it is filled.

    Another process may make the same: the first one stays. Raises _Unavailable, DiskError.
    """
    part = folder.parent / f".{folder.name}.{os.getpid()}.part"
    more = [] if with_pip else ["--without-pip"]
    with disk_errors(folder):
        _sweep(folder.parent)
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            _run([str(interpreter.path), "-I", "-m", "venv", *more, str(part)])
            fill(part)
            write_text(part / _MADE, json.dumps(dict(packages)))
            with suppress(FileExistsError):
                part.rename(folder)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Remove what was left half made by processes that are gone."""
    for part in root.glob(".*.part"):
        if not is_running(part.name.split(".")[-2]):
            shutil.rmtree(part, ignore_errors=True)


def _install(python: Path, words: Sequence[str]) -> None:
    """Bring packages of these very versions, already built, without what they would bring along."""
    uv = _uv()
    start = [uv, "pip", "install", "--python", str(python)]
    if uv is None:
        start = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        start.append("--no-compile")
    words = [*filter(None, start), "--no-deps", "--only-binary", ":all:", *words]
    _run(words, environment=_environment_of_registry())


def _environment_of_registry() -> dict[str, str]:
    """All variables but our keys and paths: many of them decide how the registry is reached."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_KEYS)}
    kept.pop("PYTHONPATH", None)
    return kept


def _warm(python: Path, modules: Sequence[str]) -> None:
    """Import once what models import, which compiles that and not the other half of the packages.

    What cannot be imported is told where a model needs it.
    """
    names = (*modules, "scipy.linalg", "scipy.special")
    words = "".join(f"try: import {name}\nexcept Exception: pass\n" for name in names)
    _run([str(python), "-I", "-c", words])


def _run(words: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
    """Run a program that makes environments. Raises _Unavailable with its first line.

    environment: its variables; by default those alone that every child of ours gets
    """
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter that was found, or uv
            words,
            capture_output=True,
            text=True,
            errors="replace",
            env=child_environment(os.environ) if environment is None else environment,
            stdin=subprocess.DEVNULL,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _Unavailable(str(error)) from error
    if done.returncode:
        lines = [line.strip(" ×╰─▶") for line in done.stderr.splitlines() if line.strip()]
        raise _Unavailable(lines[0][:200] if lines else f"exit {done.returncode}")
