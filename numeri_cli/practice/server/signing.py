"""File URLs that open one path to one method for a while, like those of an object store."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

LIFE_SECONDS = 900.0


@dataclass(frozen=True, kw_only=True)
class UrlSigner:
    """Signs and checks URLs; they expire in real seconds, whatever the practice clock says.

    key: secret bytes of this world; clock: seconds since 1970, the machine's own
    """

    key: bytes = field(repr=False)
    life_seconds: float = LIFE_SECONDS
    clock: Callable[[], float] = time.time

    def url(self, origin: str, *, method: str, path: str) -> str:
        """The absolute URL of `path` (starting with a slash, unquoted) for one method.

        origin: scheme and host without a trailing slash, as the client named them
        """
        expires = f"{self.clock() + self.life_seconds:.3f}"
        query = {
            "X-Expires": expires,
            "X-Signature": self._signature(method, path, expires=expires),
        }
        return f"{origin}{quote(path)}?{urlencode(query)}"

    def allows(self, *, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Whether this request carries a signature for exactly this, still in time."""
        expires = query.get("X-Expires", "")
        expected = self._signature(method, path, expires=expires).encode()
        given = query.get("X-Signature", "").encode()
        # the signature first: an expiry it does not cover may be any text
        return hmac.compare_digest(expected, given) and self.clock() < float(expires)

    def _signature(self, method: str, path: str, *, expires: str) -> str:
        message = "\n".join((method, path, expires)).encode()
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()
