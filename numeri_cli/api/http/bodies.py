"""The body of an answer, decoded piece by piece and bounded by what comes out."""

from __future__ import annotations

import zlib

import httpx

ACCEPT_ENCODING = "gzip, deflate"
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_PIECE_BYTES = 1 << 16


class TooLarge(Exception):
    """A body has more bytes than were allowed; hardly more than these were decoded."""


def whole_body(response: httpx.Response, *, at_most: int) -> bytes:
    """The decoded bytes of an answer; gzip or deflate, once, is all that is decoded.

    at_most: decoded bytes; memory stays near it, whatever the body would become
    Raises TooLarge; httpx.DecodingError for another encoding, several of them, or no such bytes.
    """
    if response.is_stream_consumed:  # by a transport inside this process, which gave it whole
        if len(response.content) > at_most:
            raise TooLarge
        return response.content
    named = response.headers.get("content-encoding", "").strip().lower()
    if named not in ("", "identity", *_WINDOWS):
        raise httpx.DecodingError(f"a body encoded as {named[:40]!r}, which nobody asked for")
    decoder = zlib.decompressobj(_WINDOWS[named]) if named in _WINDOWS else None
    content = bytearray()
    try:
        for piece in response.iter_raw():
            waiting = piece
            while waiting:
                if decoder is None:
                    content += waiting
                    waiting = b""
                else:
                    content += decoder.decompress(waiting, _PIECE_BYTES)
                    waiting = b"" if decoder.eof else decoder.unconsumed_tail
                if len(content) > at_most:
                    raise TooLarge
    except zlib.error as error:
        raise httpx.DecodingError(f"the body is not {named}: {error}") from error
    if decoder is not None and not decoder.eof:
        raise httpx.DecodingError(f"the body ended amid its {named}")
    return bytes(content)
