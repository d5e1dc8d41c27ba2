"""Small data versions, one per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.data_versions import Sample, SampleMaker, write_sample


@pytest.fixture
def make_sample(tmp_path: Path) -> SampleMaker:
    """Write a data version, see `write_sample`."""

    def make(*, folder: Path | None = None, **options: object) -> Sample:
        return write_sample(folder or tmp_path / "v5.3", **options)  # type: ignore[arg-type]

    return make
