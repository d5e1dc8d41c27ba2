"""Where messages may be sent to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def require_safe_webhook(address: str) -> None:
    """Raise ValueError, without the address, which is a secret, where it is none or unsafe."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # which must be a number
    except ValueError:
        host = None
    if not host or not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError("must be an address such as https://host/path")
    if parts.username is not None:
        raise ValueError("must have no name or password in it")
    local = host == "localhost" or _is_loopback_number(host)
    if parts.scheme not in ("https", "ntfy") and not (parts.scheme == "http" and local):
        raise ValueError("must begin with https://; plain http is for this machine only")


def _is_loopback_number(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
