"""Whether somebody agrees to a submission: a person is asked by the client, unless told before."""

from __future__ import annotations

from pydantic import BaseModel, Field

from numeri_cli.commands.mcp.program import Agent, refusal
from numeri_cli.commands.mcp.sdk import (
    AcceptedElicitation,
    CallToolResult,
    Elicit,
    ElicitationResult,
)
from numeri_cli.errors import ConsentMissing
from numeri_cli.inert_text import inert

LONGEST_WORDS = 300


class Answer(BaseModel):
    """What the person says."""

    send: bool = Field(description="Send it into the round")


async def asked(
    agent: Agent,
    sources: list[str],
    model: str | None = None,
    replace: bool = False,
    late: bool = False,
    dry_run: bool = False,
) -> Answer | Elicit[Answer]:
    """The question to the person; an answer where there is nothing to ask, or nobody."""
    program = agent.request_context.lifespan_context
    if dry_run or program.submit == "allow":
        return Answer(send=True)
    if program.submit == "refuse" or not _can_ask(agent):
        return Answer(send=False)
    what = _shown(", ".join(sources)) if sources else "every model of the profile"
    for_whom = f" for {_shown(model)}" if model else ""
    how = " It takes the place of what is accepted." if replace else ""
    when = " Late: it is scored without stake." if late else ""
    return Elicit(
        f"An agent wants to submit {what}{for_whom} to the open round of {program.tournament}, as"
        f" yours. Stakes do not change.{how}{when} Send it?",
        Answer,
    )


def refused(agent: Agent, answer: ElicitationResult[Answer]) -> CallToolResult | None:
    """Why nothing is sent; None where somebody agreed."""
    if isinstance(answer, AcceptedElicitation) and answer.data.send:
        return None
    submit = agent.request_context.lifespan_context.submit
    if submit == "refuse":
        message, hint = 'the profile has submit = "refuse" under [mcp]', "a person submits"
    elif submit == "ask" and not _can_ask(agent):
        message = "nobody could be asked: this client shows no questions to a person"
        hint = 'a person submits, or writes submit = "allow" under [mcp] of the profile and starts'
        hint += " the server anew"
    else:
        message, hint = (
            "the person who was asked did not agree",
            "talk it over before trying again",
        )
    return refusal("submit", code=ConsentMissing.code, message=message, hint=hint)


def _shown(words: str) -> str:
    """An agent's words in a question to a person: on one line, and no longer than is read."""
    line = " ".join(inert(words[: 2 * LONGEST_WORDS]).split())
    return line if len(line) <= LONGEST_WORDS else f"{line[:LONGEST_WORDS]}…"


def _can_ask(agent: Agent) -> bool:
    capabilities = agent.client_capabilities
    return capabilities is not None and capabilities.elicitation is not None
