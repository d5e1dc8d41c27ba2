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
    folder: where files such as "@mine.txt" are looked for; the current directory where None
    """

    path: Path
    feature_sets: dict[str, tuple[str, ...]]
    targets: tuple[str, ...]
    folder: Path | None = None

    @classmethod
    def read(cls, path: Path, *, folder: Path | None = None) -> FeatureFile:
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
        return cls(path, named, tuple(targets), folder)

    @property
    def all_features(self) -> tuple[str, ...]:
        """Every feature of any set, each once, in the order met."""
        return tuple(dict.fromkeys(name for names in self.feature_sets.values() for name in names))

    def features(self, wanted: str | Sequence[str]) -> tuple[str, ...]:
        """The features that words mean, each once, in the order met.

        wanted: a set's name, "@mine.txt", or a list: of sets, of features and of such files, each
        with `-` before it where it takes away from what stands before
        Raises FeatureUnknown, which names the nearest there is; FileMissing, FileForeign.
        """
        if not wanted:
            raise FeatureUnknown("the list of features is empty", hint="name a set or features")
        if isinstance(wanted, str):
            return self._of_word(wanted)
        chosen: dict[str, None] = {}
        for word in wanted:
            away = word.startswith("-") and word not in self.feature_sets
            names = self._of_list(word[1:] if away else word)
            if not away:
                chosen.update(dict.fromkeys(names))
                continue
            if chosen.keys().isdisjoint(names):
                raise FeatureUnknown(
                    f"{word!r} takes away nothing: none of its features stands before it",
                    hint="write what it is taken from first, such as"
                    f' features = ["medium", "{word}"]',
                )
            chosen = {name: None for name in chosen if name not in set(names)}
        if not chosen:
            raise FeatureUnknown(
                "the list of features takes away all it names", hint="leave something to learn from"
            )
        return tuple(chosen)

    def _of_word(self, word: str) -> tuple[str, ...]:
        """What one word without brackets means."""
        if word.startswith("@"):
            return self._of_file(word[1:])
        if word in self.feature_sets:
            return self.feature_sets[word]
        if word in self.all_features:
            raise FeatureUnknown(
                f"{word!r} is a feature, and a set is looked for by its name alone",
                hint=f'write features in brackets: features = ["{word}"]',
            )
        raise FeatureUnknown(
            f"{self.path.name} has no feature set {word!r}",
            hint=did_you_mean(
                word, self.feature_sets, otherwise=f"the sets are {_some(self.feature_sets)}"
            ),
        )

    def _of_list(self, word: str) -> tuple[str, ...]:
        """What a word of a list means, without its sign."""
        if word.startswith("@"):
            return self._of_file(word[1:])
        if word in self.feature_sets:
            return self.feature_sets[word]
        known = self.all_features
        if word in known:
            return (word,)
        raise FeatureUnknown(
            f"this data version has no feature {word!r}",
            hint=did_you_mean(
                word,
                (*known, *self.feature_sets),
                otherwise=f"it has {len(known)}, such as {_some(known)}",
            ),
        )

    def _of_file(self, name: str) -> tuple[str, ...]:
        """The names in a text file, one a line; what follows a # is a remark."""
        path = (self.folder or Path()) / name
        if not path.is_file():
            raise FileMissing(
                f"there is no file {path} of features",
                hint="write one name a line into it, or a set's name without @",
            )
        with disk_errors(path):
            content = path.read_bytes()
        try:
            lines = content.decode("utf-8-sig").splitlines() if len(content) < MOST_BYTES else []
        except UnicodeDecodeError:
            raise FileForeign(f"{path} is no text", hint="write one name a line") from None
        words = [line.partition("#")[0].strip().strip(",\"' \t") for line in lines]
        found: dict[str, None] = {}
        for number, word in enumerate(words, 1):
            if not word or word.startswith("@"):
                if word:
                    raise FileForeign(
                        f"{path}, line {number}: a file of features names no other",
                        hint="name both in the profile",
                    )
                continue
            try:
                found.update(dict.fromkeys(self._of_list(word)))
            except FeatureUnknown as error:
                raise FeatureUnknown(
                    f"{path}, line {number}: {error.message}", hint=error.hint
                ) from None
        if not found:
            raise FeatureUnknown(f"{path} names no feature", hint="write one name a line")
        return tuple(found)


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
