"""[cluster] of the profile: which machines train, how they are reached, where they find data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from numeri_cli.model_spec import Section

Distribute = Literal["models", "rows"]
Word = Annotated[str, Field(min_length=1)]


class ClusterSettings(Section):
    """The machines that train.

    address: of a Dask scheduler, "tcp://…" or "tls://…", or "local:N" for N workers of this machine
    certificates: a folder with ca.pem, cert.pem and key.pem, beside the profile or anywhere
    insecure: go to other machines without TLS
    distribute: "models": each member is a task of its own; "rows": one member over all machines
    data: the folder or object store (s3://bucket/prefix) in which workers find the files of the
    data version; None: the path that they have on this machine
    """

    address: Word | None = None
    certificates: Word | None = None
    insecure: bool = False
    distribute: Distribute = "models"
    data: Word | None = None


CLUSTER_TEMPLATE = """
# [cluster]                     # other machines that train: `numeri guide cluster`
# address = "tls://10.0.0.5:8786"  # a Dask scheduler, or "local:4" for workers of this machine
# certificates = "certificates" # a folder with ca.pem, cert.pem and key.pem
# data = "s3://bucket/v5.3"     # where workers find the data; the path it has here, if not set
# distribute = "models"         # "rows": one member over all machines
# insecure = false              # true: other machines without TLS, whom anybody can then command
"""
