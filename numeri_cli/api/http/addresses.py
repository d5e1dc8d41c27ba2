"""Which addresses may be spoken to, and how they may be shown."""

from __future__ import annotations

import ipaddress
import socket
from functools import cache

import httpx

from numeri_cli.errors import AddressUnsafe


def checked(address: str) -> httpx.URL:
    """The address, parsed, where it is safe to send something there.

    Raises AddressUnsafe: neither https nor http towards this machine, a password in it, no address.
    """
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise AddressUnsafe(
            "an address cannot be read as one", hint="it should look like https://host/path"
        ) from error
    if url.userinfo:
        raise AddressUnsafe(
            f"the address of {url.host} has a name or a password in it",
            hint="leave it out; keys belong into `numeri login`",
        )
    if url.scheme == "https" and url.host:
        return url
    if url.scheme == "http" and is_loopback(url.host):
        return url
    raise AddressUnsafe(
        f"{shown(url)} would be spoken to without encryption",
        hint="use https; plain http is for servers on this machine only",
    )


def is_loopback(host: str) -> bool:
    """Whether the host is this machine itself: judged by numbers, never by how a name looks.

    localhost is what this machine's own tables make of it; every other name is another machine.
    """
    try:
        return _is_here(host)
    except ValueError:
        return host.lower().rstrip(".") == "localhost" and _localhost_is_here()


def _is_here(number: str) -> bool:
    """Raises ValueError for what is no number of a machine."""
    address = ipaddress.ip_address(number.strip("[]"))
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


@cache
def _localhost_is_here() -> bool:
    try:
        found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(_is_here(str(place[0])) for *_, place in found)


def shown(url: httpx.URL) -> str:
    """Scheme, host and path; never the query, which holds the signature of a file address."""
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}{url.path}"[:200]


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether both are served by the same program: scheme, host and port agree."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads, if it may be followed: https to https, this machine to itself.

    Raises AddressUnsafe.
    """
    try:
        target = checked(str(url.join(location)))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise AddressUnsafe(f"{url.host} redirects to something that is no address") from error
    if target.scheme == url.scheme and is_loopback(target.host) == is_loopback(url.host):
        return target
    raise AddressUnsafe(
        f"{url.host} redirects to {shown(target)}",
        hint="redirects are followed from https to https only",
    )
