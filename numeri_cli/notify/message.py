"""What somebody is told: one record, its short text, and a text as it goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from numeri_cli.published import Published

Event = Literal["failure", "guard", "success", "deadline", "test"]
LONGEST_TEXT = 1_500  # Discord takes 2,000 characters, ntfy 4,096 bytes
LONGEST_WORDS = 300


@dataclass(frozen=True)
class ModelNews(Published):
    """What became of one model; code, message and hint are empty where all went well."""

    model: str
    state: str
    code: str = ""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True)
class GuardFinding(Published):
    """What the guard holds against a model before it is submitted.

    check: "target", "data_version", "age", "profile" or "carried_over"; "ledger" of the ledger,
        which then stands in the model's place
    level: what `[guard]` says to it
    """

    model: str
    code: str
    message: str
    hint: str
    check: str = ""
    level: Literal["warn", "refuse"] = "warn"


@dataclass(frozen=True)
class Message(Published):
    """What a command tells.

    code, message, hint: of the error that ended the command, else empty
    run: of the log, whose lines tell more; host: the name of this machine
    """

    event: Event
    title: str
    command: str
    tournament: str
    run: str
    host: str
    numeri_version: str
    time: datetime
    round_number: int | None = None
    exit_code: int | None = None
    code: str = ""
    message: str = ""
    hint: str = ""
    models: tuple[ModelNews, ...] = field(default=())
    findings: tuple[GuardFinding, ...] = field(default=())

    def text(self, *, late: bool = False) -> str:
        """The message for people, at most LONGEST_TEXT characters, the title not included.

        late: say that it could not be delivered at its time
        """
        lines = []
        if late:
            lines.append("(delivered late)")
        if self.message:
            lines.append(_sentence(self.message, self.hint))
        for model in self.models:
            told = _sentence(model.message, model.hint) if model.message else model.state
            lines.append(f"{model.model}: {told}")
        told = "\n".join(lines)  # a model that was refused for a finding has told of it
        lines += [
            f"{one.model}: {_sentence(one.message, one.hint)}"
            for one in self.findings
            if one.message not in told
        ]
        body = "\n".join(lines)
        end = f"{self.time:%Y-%m-%d %H:%M} UTC on {self.host}; numeri log --run {self.run}"
        room = LONGEST_TEXT - len(end) - 2
        if len(body) > room:
            body = body[: room - 1] + "…"
        return f"{body}\n{end}" if body else end


def _sentence(message: str, hint: str) -> str:
    told = message[:LONGEST_WORDS]
    return f"{told} ({hint[:LONGEST_WORDS]})" if hint else told


@dataclass(frozen=True)
class WebhookPost:
    """What is sent to a webhook.

    address: a secret in itself; headers: ASCII
    """

    address: str
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
