"""A cluster in this very process: a scheduler and two workers, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.learning.workspace import Workspace
from tests.support.clusters import cluster_here
from tests.support.data_versions import Sample, workspace_of, write_sample
from tests.support.program import numeri, profile, trained, trained_template

__all__ = ["numeri", "profile", "trained", "trained_template"]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers in this process."""
    with cluster_here(tmp_path_factory.mktemp("dask")) as address:
        yield address


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return write_sample(tmp_path / "v5.3", unresolved=(38, 39, 40))


@pytest.fixture
def workspace(sample: Sample) -> Workspace:
    return workspace_of(sample)
