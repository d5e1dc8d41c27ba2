"""Members of somebody's class that outlive a training which failed at a later one.

What is kept goes into an artifact that is opened later, and opening it runs code. So each file is
signed with a key of this home: one that came from elsewhere, or was changed, is trained anew.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.files import atomic_file, disk_errors
from numeri_cli.learning.estimators.base import MemberTask, TrainingSettings, holds_pickle
from numeri_cli.learning.estimators.user_class import estimator_class
from numeri_cli.learning.estimators.user_code import is_installed
from numeri_cli.model_spec import EstimatorSpec

KEY = ".members.key"
_KEY_BYTES = 32
_MARK_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class KeptMembers:
    """Finished members of an unfinished training, one file each.

    folder: removed by whoever ends the training; cache: of this home, where the key lies
    """

    folder: Path
    cache: Path

    def get(self, name: str) -> bytes | None:
        """The content kept under this name; None where there is none of this home's own."""
        path = self._path(name)
        if not path.is_file():
            return None
        with disk_errors(path):
            mark_and_content = path.read_bytes()
        mark, content = mark_and_content[:_MARK_BYTES], mark_and_content[_MARK_BYTES:]
        return content if hmac.compare_digest(mark, self._mark(name, content)) else None

    def keep(self, name: str, content: bytes) -> None:
        """Keep a member until its training ends. Raises DiskError."""
        with atomic_file(self._path(name), mode=0o600) as file:
            file.write(self._mark(name, content))
            file.write(content)

    def _path(self, name: str) -> Path:
        return self.folder / f"member-{name}"

    def _mark(self, name: str, content: bytes) -> bytes:
        return hmac.digest(self._key(), name.encode() + b"\n" + content, "sha256")

    def _key(self) -> bytes:
        path = self.cache / KEY
        if path.is_file():
            with disk_errors(path):
                key = path.read_bytes()
            if len(key) == _KEY_BYTES:
                return key
        key = secrets.token_bytes(_KEY_BYTES)
        with atomic_file(path, mode=0o600) as file:
            file.write(key)
        return key


def made_once(
    settings: TrainingSettings, task: MemberTask, *, digest: str, make: Callable[[], bytes]
) -> bytes:
    """A member's content: kept from a training that a later member has ended, else made and kept.

    digest: of everything that the member depends on
    Raises what `make` raises, and DiskError.
    """
    kept = KeptMembers(settings.unfinished, settings.cache)
    content = kept.get(digest)
    if content is not None:
        settings.listener.say(f"{task.label} is kept from the training before")
        return content
    content = make()
    kept.keep(digest, content)
    return content


def code_digest(kind: type[object]) -> str:
    """SHA-256, in hex, of the code that a class and those above it come from.

    Of an installed package its version counts, else every module in the folder of the class.
    """
    hasher = hashlib.sha256(sys.version.encode())
    for module in dict.fromkeys(one.__module__ for one in kind.__mro__):
        hasher.update(module.encode())
        for part in _parts(module):
            hasher.update(part)
    return hasher.hexdigest()


def code_of(spec: EstimatorSpec, *, module_folder: Path | None) -> str:
    """A mark of the code that members of somebody's class come from; "" for a registered estimator.

    Raises EstimatorInvalid where there is no such class.
    """
    if not holds_pickle(spec):
        return ""
    return code_digest(estimator_class(spec.name, module_folder=module_folder))


def _parts(module: str) -> Iterator[bytes]:
    """What changes where the code of a module does."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or is_installed(Path(file)):
        root = sys.modules.get(module.split(".", maxsplit=1)[0])
        yield str(getattr(root, "__version__", "")).encode()
        return
    for path in sorted(Path(file).parent.glob("*.py")):
        with disk_errors(path):
            yield path.name.encode() + b"\n" + path.read_bytes()
