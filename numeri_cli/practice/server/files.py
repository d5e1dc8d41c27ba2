"""The file store: data, submissions and models out, uploads in, everything by signed URL."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from werkzeug.exceptions import ClientDisconnected, RequestedRangeNotSatisfiable
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import FileWrapper

from numeri_cli.files import atomic_path
from numeri_cli.practice.participants.refusals import Refusal
from numeri_cli.practice.participants.submissions import kind_of_upload
from numeri_cli.practice.server.signing import UrlSigner
from numeri_cli.practice.tournament import Tournament

MAX_UPLOAD_BYTES = 2 * 2**30
CHUNK_BYTES = 2**20
PREFIXES = ("data", "submissions", "hosted", "uploads")


class Digests:
    """SHA-256 of files, each computed once for as long as the file stays the same."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], str]] = {}
        self._lock = threading.Lock()

    def of(self, path: Path) -> str:
        """Hex digest of the file at `path`. Raises FileNotFoundError."""
        stat = path.stat()
        identity = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        with self._lock:
            known = self._known.get(path)
            if known is None or known[0] != identity:
                with path.open("rb") as file:
                    known = (identity, hashlib.file_digest(file, "sha256").hexdigest())
                self._known[path] = known
            return known[1]


class FileStore:
    """Answers GET, HEAD and PUT under /data, /submissions, /hosted and /uploads."""

    def __init__(
        self, tournament: Tournament, signer: UrlSigner, *, max_bytes: int = MAX_UPLOAD_BYTES
    ) -> None:
        self._tournament = tournament
        self._signer = signer
        self._max_bytes = max_bytes
        self._digests = Digests()

    def respond(self, request: Request) -> Response:
        """The answer of the store, its refusals included."""
        if request.method not in ("GET", "PUT", "HEAD"):
            return refused(405, "MethodNotAllowed", "The method is not allowed here.")
        signed = self._signer.allows(method=request.method, path=request.path, query=request.args)
        if not signed:  # HEAD on a URL signed for GET ends here too
            return refused(403, "AccessDenied", "Request has expired or is not signed for this.")
        if request.method == "PUT":
            return self._receive(request)
        path = self._located(request.path)
        if path is None:
            return refused(403, "AccessDenied", "Request has expired.")
        return self._send(request, path)

    def _located(self, url_path: str) -> Path | None:
        """The file behind a path of ours; None where its round has passed."""
        prefix, first, rest = url_path.removeprefix("/").split("/", 2)
        if prefix == "submissions":
            return self._tournament.folders.submission(first, rest)
        if prefix == "hosted":
            return self._tournament.folders.hosted_model(first)
        state = self._tournament.state()
        if first != str(state.published_round):
            return None
        try:
            return self._tournament.file(rest)
        except Refusal:  # the next round is being made
            return None

    def _send(self, request: Request, path: Path) -> Response:
        try:
            etag = self._digests.of(path)
            file = path.open("rb")
        except FileNotFoundError:
            return refused(404, "NoSuchKey", "The specified key does not exist.")
        size = path.stat().st_size
        response = Response(
            FileWrapper(file, CHUNK_BYTES),
            mimetype="binary/octet-stream",
            direct_passthrough=True,
        )
        response.content_length = size
        response.set_etag(etag)
        response.headers["Accept-Ranges"] = "bytes"
        many = request.range is not None and len(request.range.ranges) > 1
        if many:
            return response  # as object stores do: the whole file
        try:
            response.make_conditional(request, accept_ranges=True, complete_length=size)
        except RequestedRangeNotSatisfiable:
            response.close()
            answer = refused(416, "InvalidRange", "The requested range is not satisfiable.")
            answer.headers["Content-Range"] = f"bytes */{size}"
            return answer
        return response

    def _receive(self, request: Request) -> Response:
        length = request.content_length
        if length is None:
            return refused(411, "MissingContentLength", "You must provide a Content-Length.")
        if length > self._max_bytes:
            return refused(400, "EntityTooLarge", "The upload is larger than is allowed.")
        filename = request.path.removeprefix("/uploads/")
        self._tournament.state()  # raises where there is no tournament any more
        if request.content_type and self._is_model(filename):
            return refused(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match: it was signed without"
                " Content-Type.",
            )
        try:
            with atomic_path(self._tournament.folders.uploads / filename) as temporary:
                digest = _stream(request, temporary)
        except ClientDisconnected:
            return refused(400, "IncompleteBody", "Fewer bytes came than were announced.")
        response = Response(status=200)
        response.set_etag(digest)
        return response

    def _is_model(self, filename: str) -> bool:
        """Whether the name was handed out for a model, whose address allows no Content-Type."""
        with self._tournament.store.reading() as connection:
            return kind_of_upload(connection, filename) == "model"


def _stream(request: Request, path: Path) -> str:
    """Write a body to disk in pieces; returns its MD5, as object stores do.

    Raises ClientDisconnected where fewer bytes come than were announced.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("wb") as file:
        while chunk := request.stream.read(CHUNK_BYTES):
            file.write(chunk)
            digest.update(chunk)
    return digest.hexdigest()


def refused(status: int, code: str, message: str) -> Response:
    """A refusal in the XML of object stores."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Response(body, status=status, mimetype="application/xml")
