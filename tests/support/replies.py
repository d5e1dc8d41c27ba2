"""Answers nobody wants, as servers and the boxes before them send them."""

from __future__ import annotations

import json

from tests.support.steps import Fault

RETRY_AFTER_SECONDS = 1
STORE_DATE = "Mon, 05 Jan 2015 00:00:00 GMT"  # a file store's clock must not count
PLANTED_SIGNATURE = "AWS4-HMAC-SHA256-planted-string-to-sign"
REFUSAL_WORDS = "The models of this account are being moved"

_STATUS = {
    Fault.TOO_MANY: "429 Too Many Requests",
    Fault.EMPTY_500: "500 Internal Server Error",
    Fault.HTML_502: "502 Bad Gateway",
    Fault.EXPIRED_403: "403 Forbidden",
}
_KIND = {
    Fault.TOO_MANY: "text/plain",
    Fault.EMPTY_500: "text/html",
    Fault.HTML_502: "text/html",
    Fault.EXPIRED_403: "application/xml",
}
_BODY = {
    Fault.TOO_MANY: b"slow down",
    Fault.EMPTY_500: b"",
    Fault.HTML_502: b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    Fault.EXPIRED_403: (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
        b"<Message>Request has expired</Message><StringToSign>"
        + PLANTED_SIGNATURE.encode()
        + b"</StringToSign></Error>"
    ),
    Fault.MALFORMED: b'{"data": {"rounds": [{"id": ',
    Fault.TROUBLE: (
        b'{"data": null, "errors": [{"message": "Internal server error", "path": ["x"]}]}'
    ),
    Fault.REFUSAL: b'{"data": null, "errors": [{"message": WORDS, "path": []}]}',
}
MADE_UP = frozenset(_BODY)


def made_up(fault: Fault, *, date: str, words: str) -> bytes:
    """The whole reply, head and body; words: what a refusal says."""
    body = _BODY[fault].replace(b"WORDS", json.dumps(words).encode())
    lines = [
        f"HTTP/1.1 {_STATUS.get(fault, '200 OK')}",
        f"Content-Type: {_KIND.get(fault, 'application/json')}",
        f"Content-Length: {len(body)}",
        f"Date: {date}",
    ]
    if fault is Fault.TOO_MANY:
        lines.append(f"Retry-After: {RETRY_AFTER_SECONDS}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
