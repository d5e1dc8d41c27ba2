"""The proxies that the environment names, as curl reads them."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator

import httpx


def named_proxies() -> dict[str, str]:
    """Scheme → address, and "no" → hosts without a proxy; quotes of an env file are taken off."""
    return {
        scheme: value[1:-1] if len(value) > 1 and value[0] == value[-1] in "\"'" else value
        for scheme, value in urllib.request.getproxies().items()
    }


def proxy_mounts(
    certificates: ssl.SSLContext, limits: httpx.Limits
) -> dict[str, httpx.BaseTransport | None]:
    """Patterns of addresses → how they are reached: by a proxy, or None for directly.

    Entries of NO_PROXY that no address can match are left out, as curl does; Docker Desktop and
    OrbStack write such.
    Raises ValueError, httpx.InvalidURL, ImportError where a proxy's own address is of no use.
    """
    named = named_proxies()
    direct = [entry.strip() for entry in named.get("no", "").split(",")]
    if "*" in direct:
        return {}
    mounts: dict[str, httpx.BaseTransport | None] = {}
    for scheme in ("http", "https", "all"):
        if address := named.get(scheme):
            proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
            mounts[f"{scheme}://"] = httpx.HTTPTransport(
                verify=certificates, limits=limits, proxy=proxy, trust_env=False
            )
    for entry in direct:
        mounts |= dict.fromkeys(_patterns(entry))
    return mounts


def _patterns(entry: str) -> Iterator[str]:
    """The pattern of a NO_PROXY entry as httpx wants it; none where it cannot be read."""
    if not entry:
        return
    if "://" in entry:
        pattern = entry
    elif entry.replace(".", "").replace("/", "").isdecimal() or entry.lower() == "localhost":
        pattern = f"all://{entry}"
    elif entry.count(":") > 1:
        pattern = f"all://[{entry.strip('[]')}]"
    else:
        pattern = f"all://*{entry}"
    try:
        httpx.URL(pattern)
    except httpx.InvalidURL:
        return
    yield pattern
