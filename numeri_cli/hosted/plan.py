"""What a hosted model is made of, as the builder in another interpreter reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numeri_cli.dataset.scale import FeatureScale
from numeri_cli.model_spec import Neutralization


class HostedPart(Protocol):
    """A model inside a hosted function."""

    @property
    def name(self) -> str:
        """As the profile has it."""

    @property
    def takes_benchmarks(self) -> bool:
        """Whether it needs the benchmark models' predictions."""

    def request(self) -> dict[str, Any]:
        """As JSON can hold it; members are named by the files that `files` gives."""

    def files(self) -> Iterator[tuple[str, bytes]]:
        """What the builder finds beside the request, by name."""


@dataclass(frozen=True, kw_only=True)
class TrainedPart:
    """A trained model.

    engine: the module that holds its members; members: file → content, in their order
    neutralization: resolved to names; None where nothing is taken out
    """

    name: str
    features: tuple[str, ...]
    missing_twos: bool
    scale: FeatureScale | None
    engine: str
    members: tuple[tuple[str, bytes], ...]
    neutralization: Neutralization | None

    @property
    def takes_benchmarks(self) -> bool:
        """Whether a step takes columns of theirs out."""
        return _takes_benchmarks(self.neutralization)

    def request(self) -> dict[str, Any]:
        """Its columns, the scale of their values, its members and steps."""
        scale = self.scale
        bounds = scale.model_dump() | {"middle": scale.middle} if scale else None
        return {
            "name": self.name,
            "features": list(self.features),
            "missing_twos": self.missing_twos,
            "scale": bounds,
            "engine": self.engine,
            "files": [self._place(name) for name, _ in self.members],
            "steps": _steps(self.neutralization),
        }

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Each member's own."""
        for name, content in self.members:
            yield self._place(name), content

    def _place(self, name: str) -> str:
        return f"{self.name}-{name}"


@dataclass(frozen=True, kw_only=True)
class FunctionPart:
    """A function that exists: "module:function" beside the profile."""

    name: str
    function: str
    wants_benchmarks: bool
    neutralization: Neutralization | None

    @property
    def takes_benchmarks(self) -> bool:
        """Whether the function or a step wants them."""
        return self.wants_benchmarks or _takes_benchmarks(self.neutralization)

    def request(self) -> dict[str, Any]:
        """Where the function is, and its steps."""
        return {
            "name": self.name,
            "function": self.function,
            "takes_benchmarks": self.wants_benchmarks,
            "steps": _steps(self.neutralization),
        }

    def files(self) -> Iterator[tuple[str, bytes]]:
        """None: it is found beside the profile."""
        yield from ()


@dataclass(frozen=True, kw_only=True)
class BlendPart:
    """Other models whose finished predictions are its members."""

    name: str
    parts: tuple[HostedPart, ...]
    shares: tuple[float, ...]
    neutralization: Neutralization | None

    @property
    def takes_benchmarks(self) -> bool:
        """Whether a part of it or a step wants them."""
        of_parts = any(part.takes_benchmarks for part in self.parts)
        return of_parts or _takes_benchmarks(self.neutralization)

    def request(self) -> dict[str, Any]:
        """Its parts, how much each counts, and its steps."""
        return {
            "name": self.name,
            "parts": [part.request() for part in self.parts],
            "shares": list(self.shares),
            "steps": _steps(self.neutralization),
        }

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Those of all parts."""
        for part in self.parts:
            yield from part.files()


def _takes_benchmarks(neutralization: Neutralization | None) -> bool:
    return any(step.benchmark for step in neutralization.steps) if neutralization else False


def _steps(neutralization: Neutralization | None) -> list[dict[str, Any]]:
    return [
        {
            "features": list(_names(step.features)),
            "benchmarks": list(step.benchmark),
            "proportion": step.proportion,
        }
        for step in (neutralization.steps if neutralization else ())
    ]


def _names(features: str | Sequence[str]) -> Sequence[str]:
    if isinstance(features, str):
        raise TypeError("the set to neutralize against has to be resolved to names first")
    return features
