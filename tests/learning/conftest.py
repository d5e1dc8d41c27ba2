"""Small data versions, one per test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from numeri_cli.learning.preparation import Site
from tests.learning import samples

SampleMaker = Callable[..., samples.Sample]


@pytest.fixture
def make_sample(tmp_path: Path) -> SampleMaker:
    """Write a data version, see `samples.write_sample`."""

    def make(*, folder: Path | None = None, **options: object) -> samples.Sample:
        return samples.write_sample(folder or tmp_path / "v5.3", **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def site_of(home: Path) -> Callable[[samples.Sample], Site]:
    """A place to train in, under the test's own home."""
    return samples.site_of
