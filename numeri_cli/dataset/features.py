"""features.json: which features and targets a data version has, and its named sets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from numeri_cli.errors import FeatureUnknown, FileDamaged, FileForeign, FileMissing, did_you_mean
from numeri_cli.files import disk_errors

MOST_BYTES = 64_000_000  # a data version's own has 1 MB


@dataclass(frozen=True)
class FeatureFile:
    """What a data version holds, by name.

    feature_sets: set → its features, in the file's order
    targets: names of the targets; empty where the version does not list them
    """

    path: Path
    feature_sets: dict[str, tuple[str, ...]]
    targets: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> FeatureFile:
        """Read a features.json of any version, bare NaN included.

        Raises FileMissing, FileDamaged (no JSON), FileForeign (JSON of another shape).
        """
        content = _json_object(path)
        sets = content.get("feature_sets")
        if not isinstance(sets, dict) or not sets:
            raise _foreign(path, "it has no `feature_sets`")
        named: dict[str, tuple[str, ...]] = {}
        for name, features in sets.items():
            if not _is_names([name]) or not _is_names(features):
                raise _foreign(path, f"its set {name[:40]!r} is no list of names")
            named[name] = tuple(dict.fromkeys(features))
        targets = content.get("targets", [])
        if not _is_names(targets):
            raise _foreign(path, "`targets` is no list of names")
        return cls(path, named, tuple(targets))

    @property
    def all_features(self) -> tuple[str, ...]:
        """Every feature of any set, each once, in the order met."""
        return tuple(dict.fromkeys(name for names in self.feature_sets.values() for name in names))

    def features(self, wanted: str | Sequence[str]) -> tuple[str, ...]:
        """The features of a named set, or the given names once they are known to exist.

        Raises FeatureUnknown, which names the nearest there is.
        """
        if isinstance(wanted, str):
            if wanted in self.feature_sets:
                return self.feature_sets[wanted]
            if wanted in self.all_features:
                raise FeatureUnknown(
                    f"{wanted!r} is a feature, and a set is looked for by its name alone",
                    hint=f'write features in brackets: features = ["{wanted}"]',
                )
            raise FeatureUnknown(
                f"{self.path.name} has no feature set {wanted!r}",
                hint=did_you_mean(
                    wanted,
                    self.feature_sets,
                    otherwise=f"the sets are {_some(self.feature_sets)}",
                ),
            )
        if not wanted:
            raise FeatureUnknown("the list of features is empty", hint="name a set or features")
        known = set(self.all_features)
        for name in wanted:
            if name not in known and name in self.feature_sets:
                raise FeatureUnknown(
                    f"{name!r} is a set, and a list holds names of features",
                    hint=f'write one set without brackets: features = "{name}"',
                )
            if name not in known:
                raise FeatureUnknown(
                    f"this data version has no feature {name!r}",
                    hint=did_you_mean(
                        name,
                        (*known, *self.feature_sets),
                        otherwise=f"it has {len(known)}, such as {_some(known)}",
                    ),
                )
        return tuple(dict.fromkeys(wanted))


def features_digest(features: Sequence[str]) -> str:
    """SHA-256 over the names in their order, in hex."""
    return hashlib.sha256("\n".join(features).encode()).hexdigest()


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:12])


def _json_object(path: Path) -> dict[str, object]:
    if not path.exists():
        raise FileMissing(
            f"{path} does not exist", hint="`numeri download features.json` brings it"
        )
    try:
        with disk_errors(path):
            size_bytes = path.stat().st_size
            if size_bytes > MOST_BYTES:
                raise _foreign(path, f"it has {size_bytes:,} bytes")
            content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FileDamaged(
            f"{path} is no complete JSON file",
            hint="delete it and run `numeri download features.json`",
        ) from error
    if not isinstance(content, dict):
        raise _foreign(path, "it is no JSON object")
    return content


def _is_names(value: object) -> TypeGuard[list[str]]:
    """Texts that can be shown and digested; JSON can also hold halves of characters."""
    return isinstance(value, list) and all(
        isinstance(name, str) and name.isprintable() for name in value
    )


def _foreign(path: Path, reason: str) -> FileForeign:
    return FileForeign(
        f"{path} is no features.json: {reason}",
        hint="delete it and run `numeri download features.json`",
    )
