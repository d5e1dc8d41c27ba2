"""The wire below GraphQL: methods, lengths, ranges, signatures, the Date of every answer."""

import hashlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.validate import validator

import httpx
import pytest
from werkzeug.http import http_date

from numeri_cli.errors import DiskTrouble, UsageProblem
from numeri_cli.locks import held_lock
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.server.server import application, listening, serve
from numeri_cli.practice.server.signing import UrlSigner
from numeri_cli.practice.tournament import Tournament
from numeri_cli.practice.world.world import World
from numeri_cli.progress import Silent
from tests.support.wire import CREATE, UPLOAD_AUTH, Wire

TINY = WorldSettings(seed=9, stocks=100, eras=40, features=12, rivals=3)
LIVE = "v5.3/live.parquet"
DATASET = "query($f: String!) { dataset(filename: $f) }"
PRACTICE_DATE = "Sat, 03 Jan 2026 12:05:00 GMT"


@contextmanager
def reached(tournament: Tournament, *, over_socket: bool) -> Iterator[httpx.Client]:
    """The tournament in this process, or over a socket."""
    if over_socket:
        with listening(tournament) as address, httpx.Client(base_url=address) as http:
            yield http
    else:
        with Wire.inside(tournament) as wire:
            yield wire.http


def live_url(wire: Wire) -> str:
    return str(wire.data(DATASET, f=LIVE)["dataset"])


def put_url(wire: Wire) -> str:
    auth = wire.data(UPLOAD_AUTH, name="p.csv", model=wire.model())
    return str(auth["submissionUploadAuth"]["url"])


@pytest.mark.parametrize("over_socket", [False, True])
def test_every_answer_carries_one_date_and_it_is_the_tournaments(
    tournament: Tournament, over_socket: bool
) -> None:
    with Wire.inside(tournament) as wire:
        get = httpx.URL(live_url(wire)).raw_path.decode()
        put = httpx.URL(put_url(wire)).raw_path.decode()
    with reached(tournament, over_socket=over_socket) as http:
        requests = {
            200: ("POST", "/", {"json": {"query": "{ listDatasets }"}}),
            201: ("POST", "/graphql", {"json": {"query": "{ nonsense }"}}),
            202: ("GET", get, {}),
            206: ("GET", get, {"headers": {"Range": "bytes=0-9"}}),
            400: ("POST", "/", {"content": b"not json"}),
            403: ("HEAD", get, {}),
            404: ("GET", "/nowhere", {}),
            405: ("GET", "/", {}),
            411: ("PUT", put, {"content": iter([b"x"])} if over_socket else {}),
            416: ("GET", get, {"headers": {"Range": "bytes=999999999-"}}),
            413: ("POST", "/", {"content": b" " * (2**20 + 1)}),
        }
        for expected, (method, path, more) in requests.items():
            if expected == 411 and not over_socket:
                continue  # httpx always sends a length in process; see the next test
            answer = http.request(method, path, **more)  # type: ignore[arg-type]
            assert answer.status_code == {201: 200, 202: 200}.get(expected, expected), method
            assert answer.headers.get_list("date") == [PRACTICE_DATE], (method, path)


def test_a_put_without_a_length_is_refused(tournament: Tournament) -> None:
    heads: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": "/uploads/p.csv",
        "QUERY_STRING": "",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": None,
    }
    signer = UrlSigner(key=tournament.signing_key())
    url = signer.url("http://x", method="PUT", path="/uploads/p.csv")
    environ["QUERY_STRING"] = httpx.URL(url).query.decode()
    app = application(tournament)
    list(app(environ, lambda status, headers, exc=None: heads.append((status, headers))))  # type: ignore[arg-type]
    [(status, headers)] = heads
    assert status.startswith("411")
    assert [value for name, value in headers if name == "Date"] == [PRACTICE_DATE]


def test_an_error_below_the_application_tells_the_same_date(tournament: Tournament) -> None:
    with listening(tournament) as address:
        url = httpx.URL(address)
        with socket.create_connection((url.host, url.port or 80), timeout=10) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n")
            answer = raw.makefile("rb").read().decode()
    assert " 400 " in answer.splitlines()[0]
    assert answer.count("Date: ") == 1
    assert f"Date: {PRACTICE_DATE}" in answer


def test_what_breaks_inside_is_answered_with_500_and_the_date(tournament: Tournament) -> None:
    with Wire.inside(tournament) as wire:
        with tournament.store.writing() as connection:
            connection.execute("ALTER TABLE models RENAME TO lost")
        answer = wire.post("{ v2Leaderboard(limit: 1) { username } }")
    assert answer.status_code == 500
    assert answer.json() == {"errors": {"detail": "Internal server error"}}
    assert answer.headers.get_list("date") == [PRACTICE_DATE]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Host: 127.0.0.1", 200),
        (b"Host: localhost:8123", 200),
        (b"Host: [::1]:8123", 200),
        (b"Host: 127.0.0.1:80\r\nOrigin: http://127.0.0.1:80", 200),
        (b"Host: evil.test", 403),
        (b"Host: 127.0.0.1.evil.test", 403),
        (b"Host: 127.0.0.1:80\r\nOrigin: https://evil.test", 403),
        (b"Host: 127.0.0.1:80\r\nOrigin: null", 403),
        (b"Host: 127.0.0.1:80\r\nOrigin: http://localhost:9999", 403),
    ],
)
def test_only_programs_of_this_machine_are_answered_and_no_web_page(
    tournament: Tournament, lines: bytes, status: int
) -> None:
    body = b'{"query": "{ __typename }"}'
    head = b"POST / HTTP/1.1\r\n" + lines + b"\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
    with listening(tournament) as address:
        url = httpx.URL(address)
        with socket.create_connection((url.host, url.port or 80)) as raw:
            raw.sendall(request)
            answer = raw.makefile("rb").read()
    assert f" {status} ".encode() in answer.splitlines()[0]


@pytest.mark.parametrize("length", ["9" * 5_000, "9" * 16, "-1", "1_0", "\u0661"])
def test_a_length_that_is_none_is_refused_in_words(tournament: Tournament, length: str) -> None:
    with listening(tournament) as address:
        url = httpx.URL(address)
        with socket.create_connection((url.host, url.port or 80)) as raw:
            head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
            raw.sendall(f"{head}{length}\r\n\r\n".encode())
            answer = raw.makefile("rb").read()
    assert b" 400 Content-Length is no length" in answer.splitlines()[0]


def test_a_connection_serves_many_requests(tournament: Tournament) -> None:
    with listening(tournament) as address:
        url = httpx.URL(address)
        question = b'{"query": "{ listDatasets }"}'
        request = (
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(question)
        ) + question
        with socket.create_connection((url.host, url.port or 80), timeout=10) as raw:
            file = raw.makefile("rb")
            for _ in range(3):
                raw.sendall(request)
                assert b" 200 " in file.readline()
                length = 0
                while (line := file.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                assert b"live.parquet" in file.read(length)


class TestDownloads:
    def test_a_file_comes_whole_with_a_strong_etag(self, wire: Wire) -> None:
        answer = wire.http.get(live_url(wire))
        assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert answer.headers["accept-ranges"] == "bytes"
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert answer.content[:4] == answer.content[-4:] == b"PAR1"

    @pytest.mark.parametrize("asked", ["bytes=10-99", "bytes=10-", "bytes=-50", "bytes=0-0"])
    def test_a_range_is_the_part_it_says(self, wire: Wire, asked: str) -> None:
        url = live_url(wire)
        whole = wire.http.get(url).content
        answer = wire.http.get(url, headers={"Range": asked})
        first, last = asked.removeprefix("bytes=").split("-")
        start = int(first) if first else len(whole) - int(last)
        stop = int(last) + 1 if first and last else len(whole)
        assert answer.status_code == 206
        assert answer.content == whole[start:stop]
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
        assert int(answer.headers["content-length"]) == stop - start

    def test_several_ranges_at_once_bring_the_whole_file(self, wire: Wire) -> None:
        url = live_url(wire)
        answer = wire.http.get(url, headers={"Range": "bytes=0-1,5-9"})
        assert answer.status_code == 200
        assert answer.content == wire.http.get(url).content

    def test_a_range_past_the_end_is_416_with_the_size(self, wire: Wire) -> None:
        url = live_url(wire)
        size = len(wire.http.get(url).content)
        answer = wire.http.get(url, headers={"Range": f"bytes={size}-"})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{size}"

    def test_if_range_brings_the_whole_file_when_it_changed(self, wire: Wire) -> None:
        url = live_url(wire)
        etag = wire.http.head(url).headers.get("etag") or wire.http.get(url).headers["etag"]
        same = wire.http.get(url, headers={"Range": "bytes=5-9", "If-Range": etag})
        other = wire.http.get(url, headers={"Range": "bytes=5-9", "If-Range": '"another"'})
        assert (same.status_code, other.status_code) == (206, 200)
        assert len(same.content) == 5
        assert other.content[:4] == b"PAR1"

    def test_if_none_match_saves_the_body(self, wire: Wire) -> None:
        url = live_url(wire)
        etag = wire.http.get(url).headers["etag"]
        answer = wire.http.get(url, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert wire.http.get(url, headers={"If-None-Match": '"x"'}).status_code == 200

    def test_a_url_is_built_from_the_host_the_client_used(self, wire: Wire) -> None:
        answer = wire.http.post(
            "/",
            json={"query": DATASET, "variables": {"f": LIVE}},
            headers={"Host": "proxy.invalid:9"},
        )
        assert answer.json()["data"]["dataset"].startswith("https://proxy.invalid:9/data/")

    @pytest.mark.parametrize("method", ["HEAD", "PUT"])
    def test_a_url_for_get_is_closed_to_other_methods(self, wire: Wire, method: str) -> None:
        answer = wire.http.request(method, live_url(wire), content=b"x")
        assert answer.status_code == 403

    def test_a_refusal_of_the_file_store_is_xml(self, wire: Wire) -> None:
        answer = wire.http.get(live_url(wire)[:-1])
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("application/xml")
        assert "<Code>AccessDenied</Code>" in answer.text

    def test_urls_of_a_round_end_with_it(self, wire: Wire, tournament: Tournament) -> None:
        url = live_url(wire)
        before = wire.http.get(url)
        tournament.advance()
        assert wire.http.get(url).status_code == 403
        assert wire.http.get(live_url(wire)).headers["etag"] != before.headers["etag"]


class TestUploads:
    def test_a_later_put_does_not_change_a_submission(self, wire: Wire) -> None:
        model = wire.model()
        auth = wire.data(UPLOAD_AUTH, name="p.csv", model=model)["submissionUploadAuth"]
        good = wire.predictions().to_csv(index=False).encode()
        wire.http.put(auth["url"], content=good)
        made = wire.data(CREATE, name=auth["filename"], model=model)["createSubmission"]
        wire.http.put(auth["url"], content=b"something else")
        query = "query($id: String) { submissionDownloadAuth(id: $id) { url } }"
        url = wire.data(query, id=made["id"])["submissionDownloadAuth"]["url"]
        assert wire.http.get(url).content == good

    def test_a_put_to_a_url_for_another_name_is_refused(self, wire: Wire) -> None:
        answer = wire.http.put(put_url(wire).replace("/uploads/p-", "/uploads/q-"), content=b"x")
        assert answer.status_code == 403

    def test_a_body_that_ends_early_leaves_no_file(self, tournament: Tournament) -> None:
        with Wire.inside(tournament) as wire:
            path = httpx.URL(put_url(wire)).raw_path
        with listening(tournament) as address:
            url = httpx.URL(address)
            with socket.create_connection((url.host, url.port or 80), timeout=10) as raw:
                raw.sendall(
                    b"PUT "
                    + path
                    + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf"
                )
                raw.shutdown(socket.SHUT_WR)
                answer = raw.makefile("rb").read()
        assert b" 400 " in answer.splitlines()[0]
        assert list(tournament.folders.uploads.iterdir()) == []


def test_the_application_keeps_the_rules_of_wsgi(tournament: Tournament) -> None:
    transport = httpx.WSGITransport(app=validator(application(tournament)))
    with httpx.Client(transport=transport, base_url="https://practice.invalid/") as http:
        wire = Wire(http, "Token {}${}".format(*tournament.participant_keys()))
        assert wire.submit(wire.predictions())["selected"]
        assert http.get("/nowhere").status_code == 404


class TestServing:
    def test_the_port_that_is_taken_is_named(self, tournament: Tournament) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(DiskTrouble, match=f"port {port} of 127.0.0.1"):
                serve(tournament, port=port, clock="standing", announce=print)

    @pytest.mark.parametrize(
        "clock", ["walking", "running:0", "running:-1", "running:", "running:x"]
    )
    def test_a_clock_that_cannot_be_is_refused(self, tournament: Tournament, clock: str) -> None:
        with pytest.raises(UsageProblem):
            serve(tournament, port=0, clock=clock, announce=print)

    def test_it_stops_when_it_is_told_to(self, tournament: Tournament) -> None:
        others = set(threading.enumerate())  # some belong to servers of other tests
        with listening(tournament) as address:
            assert httpx.post(address, json={"query": "{ listDatasets }"}).status_code == 200
            started = set(threading.enumerate()) - others
            assert started
        assert not any(thread.is_alive() for thread in started)
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)

    @pytest.mark.parametrize("clock", ["standing", "running:60"])
    def test_ctrl_c_ends_it_cleanly_after_the_address_was_told(
        self, tournament: Tournament, clock: str
    ) -> None:
        code = (
            "import sys; from pathlib import Path\n"
            "from numeri_cli.practice.server.server import serve\n"
            "from numeri_cli.practice.tournament import Tournament\n"
            "def announce(address): print(address, flush=True)\n"
            "try:\n"
            "    serve(Tournament.open(Path(sys.argv[1])), port=0, clock=sys.argv[2],\n"
            "          announce=announce)\n"
            "except KeyboardInterrupt:\n"
            "    sys.exit(130)\n"
        )
        command = [sys.executable, "-c", code, str(tournament.folders.root), clock]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert httpx.get(address).status_code == 405
            process.send_signal(signal.SIGINT)
            assert process.wait(300) == 130

    def test_it_tells_its_address_and_answers_before_and_while_it_trains_the_field(
        self, tmp_path: Path
    ) -> None:
        Tournament.create(tmp_path / "t", TINY, field=False).close()
        question, heard = {"query": "{ rounds(tournament: 8) { number } }"}, []
        addresses: list[str] = []

        class Watching(Silent):
            def step(self, name: str) -> None:
                heard.append((name, httpx.post(addresses[0], json=question).status_code))
                if name == "field_in_force":
                    raise KeyboardInterrupt

        def announce(address: str) -> None:
            addresses.append(address)
            heard.append(("announced", httpx.post(address, json=question).status_code))

        tournament = Tournament.open(tmp_path / "t", listener=Watching())
        with pytest.raises(KeyboardInterrupt):
            serve(tournament, port=0, clock="standing", announce=announce)
        assert heard == [
            ("announced", 200),
            ("rivals_trained", 200),
            ("rivals_asked", 200),
            ("field_files_written", 200),
            ("field_in_force", 200),
        ]

    def test_what_needs_the_field_waits_until_it_is_trained(self, tmp_path: Path) -> None:
        Tournament.create(tmp_path / "t", TINY, field=False).close()
        tournament = Tournament.open(tmp_path / "t")
        found: list[bytes] = []
        main = threading.get_ident()

        def download(address: str) -> None:
            try:
                with httpx.Client(base_url=address, timeout=300) as http:
                    wire = Wire(http, "Token {}${}".format(*tournament.participant_keys()))
                    found.append(wire.download("v5.3/meta_model.parquet"))
            finally:
                time.sleep(1)  # Python may drop a stop that comes before the server only waits
                signal.pthread_kill(main, signal.SIGINT)

        def announce(address: str) -> None:
            assert not tournament.world().has_field
            threading.Thread(target=download, args=(address,)).start()

        with pytest.raises(KeyboardInterrupt):
            serve(tournament, port=0, clock="standing", announce=announce)
        assert found[0][:4] == b"PAR1"
        assert World.open(tmp_path / "t" / "world").has_field

    def test_it_waits_for_the_process_that_advances_and_trains_the_field_then(
        self, tmp_path: Path
    ) -> None:
        Tournament.create(tmp_path / "t", TINY, field=False).close()
        tournament = Tournament.open(tmp_path / "t")

        class Last(Silent):
            def step(self, name: str) -> None:
                if name == "field_in_force":
                    raise KeyboardInterrupt

        is_held, told = threading.Event(), threading.Event()

        def advance() -> None:
            with held_lock(tournament.folders.lock, what="an advance"):
                is_held.set()
                told.wait(300)
                time.sleep(1.2)

        other = threading.Thread(target=advance)
        other.start()
        assert is_held.wait(300)
        serving = Tournament.open(tmp_path / "t", listener=Last())
        with pytest.raises(KeyboardInterrupt):
            serve(serving, port=0, clock="standing", announce=lambda _: told.set())
        other.join()
        assert World.open(tmp_path / "t" / "world").has_field

    def test_a_running_clock_runs_while_served_and_stands_afterwards(
        self, tournament: Tournament
    ) -> None:
        before = tournament.now()
        with listening(tournament, clock="running:3600") as address:
            time.sleep(0.3)
            first = httpx.get(address).headers["date"]
            assert first != http_date(before)
        after = tournament.now()
        time.sleep(0.05)
        assert tournament.now() == after
        assert (after - before).total_seconds() > 0.25 * 3600
