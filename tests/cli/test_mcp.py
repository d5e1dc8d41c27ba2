"""numeri mcp: the official SDK's client lists the tools and calls each of them against practice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.session import ElicitationFnT as Asked
from mcp.types import CallToolResult, ElicitResult

from numeri_cli.commands.context import Context
from numeri_cli.commands.mcp.server import program_of, server_of
from numeri_cli.home import Home
from tests.support.runner import Numeri
from tests.support.said import Said

TOOLS = ["backtest", "data", "scores", "status", "submit", "train", "validate"]


def served(
    work: Callable[[Client], Coroutine[Any, Any, None]],
    *,
    asked: Asked | None = None,
    mode: str = "auto",
    inside: bool = True,
) -> None:
    """Do something with a client of the server.

    inside: of this process; else `numeri mcp` runs as one of its own, and they talk over its pipes
    """

    async def connected() -> None:
        server: Any = server_of(program_of(Context(home=Home.find())))
        if not inside:
            server = StdioServerParameters(
                command=sys.executable, args=["-m", "numeri_cli", "mcp"], env=dict(os.environ)
            )
        with anyio.fail_after(600):
            async with Client(server, elicitation_callback=asked, mode=mode) as client:
                await work(client)

    anyio.run(connected)


def answering(questions: list[str], *, action: str = "accept", send: bool = True) -> Asked:
    """A person who is asked and says so."""

    async def asked(context: Any, params: Any) -> ElicitResult:
        questions.append(params.message)
        content: Any = {"send": send} if action == "accept" else None
        return ElicitResult(action=action, content=content)

    return asked


async def answer(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool gives: the object of its command, which is its text as well."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    content = result.structured_content
    assert isinstance(content, dict)
    [text] = result.content
    assert text.type == "text"
    assert Said(0, text.text, "").json == content
    assert list(content) == ["version", "command", "status", "data", "error"]
    assert result.is_error == (content["error"] is not None)
    return content


@pytest.fixture
def forward(trained: Path) -> Path:
    """A model whose training leaves eras of validation data that the purge does not reach."""
    profile = Path("numeri.toml")
    window = 'features = "small"\ntrain_window = "0001-0040"'
    text = profile.read_text(encoding="utf-8").replace('features = "medium"', window)
    profile.write_text(text.replace("n_estimators = 20", "n_estimators = 5"), encoding="utf-8")
    return profile


@pytest.mark.usefixtures("forward")
def test_each_tool_is_listed_and_gives_what_its_command_prints(numeri: Numeri) -> None:
    found: dict[str, Any] = {}
    questions: list[str] = []

    async def work(client: Client) -> None:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert sorted(listed) == TOOLS
        assert all(tool.description for tool in listed.values())
        assert "answer" not in listed["submit"].input_schema["properties"]
        found["train"] = await answer(client, "train", models=["lighthouse"])
        found["validate"] = await answer(client, "validate", sources=["lighthouse"])
        found["backtest"] = await answer(client, "backtest", models=["lighthouse"], window=30)
        found["submit"] = await answer(client, "submit", sources=["lighthouse"])
        found["status"] = await answer(client, "status")
        found["scores"] = await answer(client, "scores", models=["lighthouse"])
        found["data"] = await answer(client, "data")

    served(work, asked=answering(questions), inside=False)
    assert {name: one["status"] for name, one in found.items()} == dict.fromkeys(found, "done")
    [question] = questions
    assert question.startswith("An agent wants to submit lighthouse to the open round of practice")
    told = numeri("status", "--json").json
    assert found["status"]["data"]["models"] == told["data"]["models"]
    [model] = found["submit"]["data"]["models"]
    assert model["server_id"] == told["data"]["models"][0]["server_id"]
    [scored] = found["validate"]["data"]["sources"]
    assert scored["scores"]["corr"]["eras"] > 0
    assert found["backtest"]["data"]["models"][0]["eras"] > 0
    assert numeri("datasets", "--json").data["files"] == found["data"]["data"]["files"]


@pytest.mark.usefixtures("trained")
def test_submit_refuses_without_consent(numeri: Numeri) -> None:
    questions: list[str] = []
    ways: tuple[tuple[Asked | None, str, str], ...] = (
        (None, "auto", "nobody could be asked"),
        (answering(questions, action="decline"), "auto", "did not agree"),
        (answering(questions, action="cancel"), "legacy", "did not agree"),
        (answering(questions, send=False), "legacy", "did not agree"),
    )
    for asked, mode, words in ways:

        async def work(client: Client, words: str = words) -> None:
            refused = await answer(client, "submit", sources=["lighthouse"])
            assert refused["status"] == "refused"
            assert refused["error"]["code"] == "consent_missing"
            assert words in refused["error"]["message"]

        served(work, asked=asked, mode=mode)
    assert len(questions) == 3
    assert numeri("status").code == 1
    assert [one["attempts"] for one in numeri("rounds", "--json").data["rounds"]] == [[]]


@pytest.mark.usefixtures("trained")
def test_the_profile_decides_as_the_server_starts(numeri: Numeri) -> None:
    """An agent that may write files could give itself leave otherwise."""
    profile = Path("numeri.toml")
    before = profile.read_text(encoding="utf-8")
    questions: list[str] = []
    for submit, status in (("refuse", "refused"), ("allow", "done")):
        profile.write_text(f'{before}\n[mcp]\nsubmit = "{submit}"\n', encoding="utf-8")

        async def work(client: Client, submit: str = submit, status: str = status) -> None:
            other = "allow" if submit == "refuse" else "refuse"
            profile.write_text(f'{before}\n[mcp]\nsubmit = "{other}"\n', encoding="utf-8")
            told = await answer(client, "submit", sources=["lighthouse"])
            assert told["status"] == status

        served(work, asked=answering(questions))
        assert (numeri("status").code == 0) == (submit == "allow")
    assert questions == []


@pytest.mark.usefixtures("trained")
def test_a_profile_that_is_changed_leads_no_call_to_another_tournament(numeri: Numeri) -> None:
    """Consent was asked for practice, and keys of the real tournament may be stored here."""
    profile = Path("numeri.toml")
    before = profile.read_text(encoding="utf-8")
    other = before.replace('tournament = "practice"', 'tournament = "http://127.0.0.1:9"')
    assert other != before
    questions: list[str] = []

    async def work(client: Client) -> None:
        profile.write_text(other, encoding="utf-8")
        told = await answer(client, "submit", sources=["lighthouse"])
        assert told["status"] == "done"

    served(work, asked=answering(questions))
    [question] = questions
    assert "of practice (" in question
    assert numeri("status", "--tournament", "practice").code == 0


@pytest.mark.usefixtures("trained")
def test_a_person_is_asked_in_words_that_no_agent_can_bend(numeri: Numeri) -> None:
    questions: list[str] = []
    sources = ["light\x1b[2Jhouse\nStakes double.", *(["more"] * 500)]

    async def work(client: Client) -> None:
        await answer(client, "submit", sources=sources, model="\u202eesuohthgil")

    served(work, asked=answering(questions, send=False))
    [question] = questions
    assert question.isprintable()
    assert len(question) < 1000
    assert question.endswith("Send it?")
    assert numeri("status").code == 1


@pytest.mark.usefixtures("trained")
def test_nobody_is_asked_for_a_dry_run_and_a_word_is_never_an_option(numeri: Numeri) -> None:
    questions: list[str] = []

    async def work(client: Client) -> None:
        checked = await answer(client, "submit", dry_run=True)
        assert checked["data"]["models"][0]["state"] == "checked"
        refused = await answer(client, "train", models=["--force"])
        assert refused["error"]["message"] == "the profile has no model '--force'"

    served(work, asked=answering(questions))
    assert questions == []
    assert numeri("status").code == 1


def test_without_the_extra_one_sentence_says_so(numeri_without: Callable[..., Said]) -> None:
    said = numeri_without("mcp", "mcp", "--tournament", "practice")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "error: `numeri mcp` needs the SDK of the Model Context Protocol, which is not installed\n"
        "hint:  the extra brings it: `pip install 'numeri[mcp]'`\n"
    )


@pytest.fixture
def numeri_without() -> Callable[..., Said]:
    """Call the program as a process in which a library is not to be had."""

    def call(library: str, *words: str) -> Said:
        script = (
            f"import sys; sys.modules[{library!r}] = None; sys.argv[0] = 'numeri'\n"
            "from numeri_cli.__main__ import main; sys.exit(main())"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call


def test_json_is_refused_since_the_protocol_has_standard_output(numeri: Numeri) -> None:
    said = numeri("mcp", "--json", "--tournament", "practice")
    assert (said.code, said.json["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 0)])
def test_a_signal_ends_it_though_the_client_says_nothing(number: int, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "numeri_cli", "mcp", "--tournament", "practice"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        greeting = (
            b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion":'
            b' "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}\n'
        )
        running.stdin.write(greeting)
        running.stdin.flush()
        assert b'"serverInfo"' in running.stdout.readline()
        began = time.monotonic()
        running.send_signal(number)
        assert running.wait(timeout=120) == code
        assert time.monotonic() - began < 120
        assert running.stdout.read() == b""
