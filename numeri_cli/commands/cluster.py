"""The machines that a command trains on: those of --cluster, else of the profile, else this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from numeri_cli.commands.context import Context
from numeri_cli.errors import UsageProblem
from numeri_cli.model_spec import ClusterSettings, Distribute

if TYPE_CHECKING:
    from numeri_cli.cluster.fleet import Fleet

HERE = "none"  # the word that takes the profile's cluster out of one command
_KEY_VARIABLES = "NUMERAI_"
_SHORTEST_KEY = 8  # what is shorter stands in ordinary words by chance


def cluster_of(
    context: Context, *, cluster: str | None, distribute: Distribute | None
) -> ClusterSettings:
    """[cluster] of the profile with what the command line says; without an address, this machine.

    Raises UsageProblem for a way to distribute where nothing is distributed.
    """
    given = context.require_profile().cluster
    address = given.address if cluster is None else cluster
    settings = given.model_copy(
        update={
            "address": None if address == HERE else address,
            "distribute": distribute or given.distribute,
        }
    )
    if distribute is not None and settings.address is None:
        raise UsageProblem(
            "--distribute says how a cluster shares the work, and none is named",
            hint="name one: --cluster local:2, or `address` in [cluster] of the profile",
        )
    return settings


@contextmanager
def machines(
    context: Context, *, cluster: str | None = None, distribute: Distribute | None = None
) -> Iterator[Fleet | None]:
    """Those who train the members of this command's models; None where this machine does.

    cluster, distribute: as on the command line; None where nothing was said
    Raises UsageProblem, LibraryMissing, ClusterUnsafe, ClusterUnreachable, ClusterEmpty.
    """
    settings = cluster_of(context, cluster=cluster, distribute=distribute)
    if settings.address is None:
        yield None
        return
    from numeri_cli.cluster.connection import connected
    from numeri_cli.cluster.fleet import Fleet

    folder = context.profile_path.parent if context.profile_path else None
    with connected(
        settings.address, settings, folder=folder, listener=context.listener
    ) as connection:
        yield Fleet(connection, settings, secrets=known_secrets(context))


@contextmanager
def predicting(context: Context, *, cluster: str | None = None) -> Iterator[None]:
    """Have models predict on the machines that are meant, for as long as the block runs.

    cluster: as on the command line; None where nothing was said
    Raises what `machines` raises.
    """
    with machines(context, cluster=cluster) as fleet:
        context.predictors = fleet
        try:
            yield
        finally:
            context.predictors = None


def known_secrets(context: Context) -> tuple[str, ...]:
    """Every key that is stored, used or in the environment; none of them may travel."""
    found = list(context.secrets())
    for name, value in os.environ.items():
        if name.startswith(_KEY_VARIABLES):
            found += [value, *value.removeprefix("Token ").split("$")]
    return tuple(dict.fromkeys(one for one in found if len(one) >= _SHORTEST_KEY))
