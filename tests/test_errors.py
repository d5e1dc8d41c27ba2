"""The error tree: its drawing is true, its codes are unique and stable."""

from __future__ import annotations

import re

from numeri_cli import errors
from numeri_cli.errors import ExitCode, NumeriError, worst


def tree() -> dict[str, type[NumeriError]]:
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, NumeriError) and kind is not NumeriError
    }


def test_the_drawing_names_every_error_and_its_code() -> None:
    drawing = errors.__doc__ or ""
    for name, kind in tree().items():
        line = next(line for line in drawing.splitlines() if re.search(rf"\b{name}\b", line))
        if "code" in vars(kind):
            assert line.endswith(kind.code), line


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in tree().values() if "code" in vars(kind)]
    assert len(codes) == len(set(codes))


def test_every_error_is_documented_and_has_an_exit_code() -> None:
    for kind in tree().values():
        assert kind.__doc__
        assert kind.exit_code in ExitCode


def test_of_several_models_the_worst_counts() -> None:
    order = [3, 1, 4, 6, 5, 0]
    for first in range(len(order)):
        for second in range(first, len(order)):
            codes = [ExitCode(order[second]), ExitCode(order[first])]
            assert worst(codes) == order[first]
    assert worst([]) is ExitCode.done
