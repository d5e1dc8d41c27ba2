"""Whether the tournament's server answers, and through which proxy."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from numeri_cli.api.http.addresses import is_loopback
from numeri_cli.api.http.proxies import named_proxies
from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine
from numeri_cli.errors import (
    AddressUnsafe,
    ApiChanged,
    ExitCode,
    NumeriError,
    PracticeError,
    Unreachable,
)

name = "reach"
own_errors: tuple[type[NumeriError], ...] = (AddressUnsafe, ApiChanged, PracticeError)


def look(examination: Examination) -> Iterator[Finding]:
    """One question that needs no keys."""
    endpoint = examination.context.endpoint
    proxy = None if endpoint.is_practice else _proxy(endpoint.address)
    through = f" through the proxy {proxy}" if proxy else ""
    try:
        _ = examination.server_time_ahead_seconds
    except NumeriError as error:
        if proxy and error.exit_code is ExitCode.trouble:
            hint = f"{error.hint}; the environment names the proxy {proxy}: is it right?"
            raise Unreachable(error.message, hint=hint) from error
        raise
    seconds = examination.answered_seconds
    yield fine(name, f"{endpoint.host} answers in {seconds:.1f} s{through}")


def _proxy(address: str) -> str | None:
    """Host and port of the proxy that the environment names for an address; None without one."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    proxies = named_proxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named or urllib.request.proxy_bypass(host):
        return None
    return named.rpartition("@")[2].rpartition("//")[2].rstrip("/")[:100]
