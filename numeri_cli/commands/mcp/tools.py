"""The tools: each is a command, takes its arguments and gives the JSON that it prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from numeri_cli.commands.mcp import consent
from numeri_cli.commands.mcp.program import Agent
from numeri_cli.commands.mcp.sdk import CallToolResult, ElicitationResult, Resolve, ToolAnnotations

Models = Annotated[
    list[str], Field(description="Models of the profile by name; all of them where empty.")
]
Data = Annotated[
    str, Field(description="validation, train, or the path of a parquet file with targets.")
]
Eras = Annotated[list[str], Field(description='Only these, such as "0900-0950".')]
Target = Annotated[
    str | None, Field(description="Such as target_ender_60; the model's first one by default.")
]
Stride = Annotated[int, Field(ge=1, description="Only every so many eras; 4 saves three quarters.")]


async def status(agent: Agent) -> CallToolResult:
    """Where every model stands in the newest round: accepted or not, until when it is open."""
    return await _call(agent, "status")


async def data(
    agent: Agent,
    download: Annotated[
        list[str],
        Field(description="Files to bring, such as live, train, validation; lists where empty."),
    ] = [],  # noqa: B006 - nobody changes it, and a client is shown it as the default
    all_versions: Annotated[bool, Field(description="List other data versions, too.")] = False,
) -> CallToolResult:
    """List the tournament's data files and what of them is here, or download some."""
    if download:
        return await _call(agent, "download", arguments=download)
    return await _call(agent, "datasets", *(("--all",) if all_versions else ()))


async def train(agent: Agent, models: Models = []) -> CallToolResult:  # noqa: B006
    """Train what the profile says; missing data is downloaded. May take minutes to hours."""
    return await _call(agent, "train", arguments=models)


async def validate(
    agent: Agent,
    sources: Annotated[
        list[str],
        Field(description="Models, paths of prediction files, MODEL@backtest; side by side."),
    ] = [],  # noqa: B006
    data: Data = "validation",
    target: Target = None,
    eras: Eras = [],  # noqa: B006
    raw: Annotated[bool, Field(description="Each model without neutralization, too.")] = False,
) -> CallToolResult:
    """Score models or prediction files with Numerai's official scores; warnings say what was seen.

    A report is written; its path is in the answer.
    """
    options = [f"--data={data}", *_valued("--target", [target] if target else [])]
    options += _valued("--eras", eras)
    return await _call(agent, "validate", *options, *(("--raw",) if raw else ()), arguments=sources)


async def backtest(
    agent: Agent,
    models: Models = [],  # noqa: B006
    window: Annotated[int, Field(ge=1, description="Eras predicted by one training.")] = 156,
    stride: Stride = 1,
) -> CallToolResult:
    """Predict every era by a training on earlier ones, purged, and score it. May take hours."""
    options = (f"--window={window}", f"--stride={stride}")
    return await _call(agent, "backtest", *options, arguments=models)


async def scores(agent: Agent, models: Models = []) -> CallToolResult:  # noqa: B006
    """How the models did in rounds so far, and their means of a year with standard errors."""
    return await _call(agent, "scores", arguments=models)


async def submit(
    agent: Agent,
    answer: Annotated[ElicitationResult[consent.Answer], Resolve(consent.asked)],
    sources: Annotated[
        list[str],
        Field(description="Models of the profile, or paths of prediction files; all where empty."),
    ] = [],  # noqa: B006
    model: Annotated[str | None, Field(description="Whom a prediction file is for.")] = None,
    replace: Annotated[
        bool, Field(description="A file takes the place of what is accepted.")
    ] = False,
    late: Annotated[
        bool, Field(description="After the deadline, too: scored, without stake.")
    ] = False,
    dry_run: Annotated[bool, Field(description="Check everything and send nothing.")] = False,
) -> CallToolResult:
    """Submit predictions into the open round and wait until they are accepted. No stake changes.

    A person is asked first, unless the profile allows it or it is a dry run.
    """
    nothing = consent.refused(agent, answer)
    if nothing is not None:
        return nothing
    flags = (("--replace", replace), ("--late", late), ("--dry-run", dry_run))
    options = [*_valued("--model", [model] if model else []), *(name for name, on in flags if on)]
    return await _call(agent, "submit", *options, arguments=sources)


READ_ONLY = ToolAnnotations(read_only_hint=True)
WORK = ToolAnnotations(read_only_hint=False, destructive_hint=False)
SUBMISSION = ToolAnnotations(read_only_hint=False, destructive_hint=True)
TOOLS = (
    (status, READ_ONLY),
    (data, WORK),
    (train, WORK),
    (validate, WORK),
    (backtest, WORK),
    (scores, READ_ONLY),
    (submit, SUBMISSION),
)


async def _call(
    agent: Agent, command: str, *options: str, arguments: Iterable[str] = ()
) -> CallToolResult:
    program = agent.request_context.lifespan_context
    return await program.call(agent, command, *options, arguments=list(arguments))


def _valued(option: str, values: Iterable[str]) -> list[str]:
    """An option with each of its values, in one word."""
    return [f"{option}={value}" for value in values]
