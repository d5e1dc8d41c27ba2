"""numeri.toml → Profile. An error names the key, its line and the nearest known name."""

from __future__ import annotations

import re
import tomllib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, field_validator

from numeri_cli.errors import (
    ModelUnknown,
    ProfileInvalid,
    ProfileMissing,
    TargetAlias,
    did_you_mean,
)
from numeri_cli.files import disk_errors, expanded
from numeri_cli.model_names import RULE, is_model_name
from numeri_cli.model_spec import (
    CLUSTER_TEMPLATE,
    LARGER_PARAMETERS,
    MODEL_TEMPLATE,
    STARTER_PARAMETERS,
    ClusterSettings,
    EstimatorSpec,
    ModelSpec,
    Section,
    require_possible,
)
from numeri_cli.tournaments import CLASSIC, DATA_VERSION
from numeri_cli.webhook_address import require_safe_webhook

_VERSION = re.compile(r"v\d+(\.\d+)*")
_OPEN_BRACE = re.compile(r"^\s*(\w+)\s*=\s*\{[^}\n]*$", re.MULTILINE)
Seconds = Annotated[float, Field(gt=0, le=86_400, strict=False)]


class WireSettings(Section):
    """How long and how often the API is tried; what is not set is as the client has it.

    connect, read and total are of one call; poll, settle and hosted of waiting for a verdict
    """

    connect_seconds: Seconds | None = None
    read_seconds: Seconds | None = None
    total_seconds: Seconds | None = None
    attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    backoff_start_seconds: Seconds | None = None
    backoff_max_seconds: Seconds | None = None
    retry_after_seconds: Seconds | None = None
    poll_seconds: Seconds | None = None
    settle_seconds: Seconds | None = None
    hosted_seconds: Seconds | None = None


Shape = Literal["webhook", "ntfy", "slack", "discord", "healthchecks"]
_EVENTS = ("failure", "guard", "success", "deadline")


class NotifySettings(Section):
    """Whom to tell, and of what.

    webhook: one address or several; shape: of those addresses that do not show it by themselves
    command: a program and its arguments, which gets JSON on its standard input
    """

    webhook: str | list[str] = Field(default_factory=list)
    command: list[str] = Field(default_factory=list)
    on: list[str] = Field(default_factory=lambda: ["failure", "guard", "deadline"])
    shape: Shape | None = None

    @property
    def addresses(self) -> list[str]:
        """The webhooks."""
        return [self.webhook] if isinstance(self.webhook, str) else self.webhook

    @field_validator("webhook")
    @classmethod
    def _addresses_are_safe(cls, value: str | list[str]) -> str | list[str]:
        for address in [value] if isinstance(value, str) else value:
            require_safe_webhook(address)
        return value

    @field_validator("on")
    @classmethod
    def _events_are_known(cls, value: list[str]) -> list[str]:
        for word in value:
            if word not in _EVENTS:
                cure = did_you_mean(word, _EVENTS, otherwise=f"known: {_some(_EVENTS)}")
                raise ValueError(f"{word[:40]!r} is no event; {cure}")
        return value

    @field_validator("shape", mode="before")
    @classmethod
    def _shape_is_known(cls, value: object) -> object:
        known = get_args(Shape)
        if isinstance(value, str) and value not in known:
            cure = did_you_mean(value, known, otherwise=f"known: {_some(known)}")
            raise ValueError(f"{value[:40]!r} is no shape; {cure}")
        return value

    @field_validator("command")
    @classmethod
    def _command_has_a_program(cls, value: list[str]) -> list[str]:
        if value and not value[0].strip():
            raise ValueError("the first word must be a program")
        return value


Reaction = Literal["warn", "refuse", "off"]


class GuardSettings(Section):
    """What to do where something speaks against a model before it is submitted.

    target: it predicts what the round does not pay; data_version: a newer one is listed
    age: its training is more than max_age_weeks ago; profile: it was trained otherwise
    unjudged: a retrained model that no era can judge; "refuse" keeps it aside
    """

    target: Reaction = "warn"
    data_version: Reaction = "warn"
    age: Reaction = "warn"
    profile: Reaction = "warn"
    unjudged: Reaction = "warn"
    max_age_weeks: Annotated[int, Field(ge=1, le=1000)] = 26


Consent = Literal["ask", "allow", "refuse"]


class McpSettings(Section):
    """What agents may do by `numeri mcp`.

    submit: "ask" has the agent's client ask a person each time, "allow" asks nobody
    """

    submit: Consent = "ask"


class Profile(Section):
    """The whole of numeri.toml."""

    tournament: str = CLASSIC.name
    data_version: str = DATA_VERSION
    connections: Annotated[int, Field(ge=1, le=16)] = 4
    no_progress_seconds: Seconds = 60.0
    models: Annotated[dict[str, ModelSpec], Field(min_length=1)]
    wire: WireSettings = WireSettings()
    notify: NotifySettings = NotifySettings()
    guard: GuardSettings = GuardSettings()
    mcp: McpSettings = McpSettings()
    cluster: ClusterSettings = ClusterSettings()

    @field_validator("data_version")
    @classmethod
    def _version_is_one(cls, value: str) -> str:
        if not _VERSION.fullmatch(value):
            raise ValueError('must be a data version such as "v5.3"')
        return value

    @field_validator("models")
    @classmethod
    def _names_are_possible(cls, value: dict[str, ModelSpec]) -> dict[str, ModelSpec]:
        for name in value:
            if not is_model_name(name):
                raise ValueError(f"{name!r} cannot be a model's name: {RULE}")
        require_possible(value)
        return value

    def model(self, name: str) -> ModelSpec:
        """One model of the profile.

        Raises ModelUnknown naming the nearest; TargetAlias where it is to learn the bare `target`.
        """
        if name not in self.models:
            raise ModelUnknown(
                f"the profile has no model {name!r}",
                hint=did_you_mean(
                    name, self.models, otherwise=f"known models: {_some(self.models)}"
                ),
            )
        if "target" in self.models[name].targets:
            raise TargetAlias(
                f"models.{name}.targets names the bare `target`, which changes its meaning "
                "between data versions",
                hint='name the target itself, such as "target_ender_60"',
            )
        return self.models[name]


def starter_profile(model: str, *, tournament: str) -> Profile:
    """The profile of somebody who has none yet: one model, defaults throughout."""
    return Profile(tournament=tournament, models={model: ModelSpec()})


def find_profile(asked: Path | None, fallback: Path) -> Path | None:
    """`asked`, else ./numeri.toml, else the one in the configuration directory, else None.

    Raises ProfileMissing where one was asked for by name and is not there.
    """
    if asked is not None:
        path = expanded(asked)
        with disk_errors(path):
            if not path.is_file():
                raise ProfileMissing(
                    f"there is no profile {path}",
                    hint="`numeri init` writes one in the current directory",
                )
        return path
    for path in (Path("numeri.toml").absolute(), fallback):
        with disk_errors(path):
            if path.is_file():
                return path
    return None


def read_profile(path: Path, *, asked: str | None = None) -> Profile:
    """Read and check a profile. Raises ProfileInvalid naming key, line and cure; DiskError.

    asked: the tournament, where another one than the profile's is meant. In the real one a model
    that says nothing of its estimator is what `numeri init` writes there.
    """
    with disk_errors(path):
        content = path.read_bytes()
    if content.startswith(BOM_UTF8):
        raise ProfileInvalid(
            f"{path} begins with a byte order mark, as some editors of Windows write it",
            hint="save it as UTF-8 without BOM",
        )
    try:
        text = content.decode()
        table = tomllib.loads(text)
    except UnicodeDecodeError:
        raise ProfileInvalid(f"{path} is not UTF-8 text", hint="save it as UTF-8") from None
    except RecursionError:
        raise ProfileInvalid(f"{path} is nested too deeply", hint="mend it") from None
    except tomllib.TOMLDecodeError as error:
        broken = _OPEN_BRACE.search(text)
        raise ProfileInvalid(
            f"{path} is not TOML: {str(error)[:200]}",
            hint="a table in braces has to stand on one line: close it there, or write a section"
            f" that ends with .{broken[1]}] and a line for each key"
            if broken
            else "mend that line; `numeri init` writes an example elsewhere",
        ) from None
    try:
        profile = Profile.model_validate(table)
    except ValidationError as error:
        raise _invalid(path, text, error) from None
    return profile if (asked or profile.tournament) != CLASSIC.name else _as_init_writes(profile)


def _as_init_writes(profile: Profile) -> Profile:
    """With the larger model where a model says nothing of its estimator."""
    larger = EstimatorSpec(params=LARGER_PARAMETERS)
    models = {
        name: model
        if "estimator" in model.model_fields_set
        else model.model_copy(update={"estimator": larger})
        for name, model in profile.models.items()
    }
    return profile.model_copy(update={"models": models})


def read_notify(path: Path) -> NotifySettings:
    """Whom to tell by a profile that may be wrong elsewhere; nobody where that cannot be read.

    A run that is refused for a mistake in its profile can so still tell somebody.
    """
    try:
        table = tomllib.loads(path.read_bytes().decode())
        return NotifySettings.model_validate(table.get("notify", {}))
    except (OSError, ValueError, RecursionError):  # pydantic's and TOML's errors are ValueErrors
        return NotifySettings()


def _invalid(path: Path, text: str, error: ValidationError) -> ProfileInvalid:
    first = error.errors(include_url=False, include_input=False)[0]
    keys = [str(part) for part in first["loc"] if _is_key(part)]
    name = ".".join(keys)
    line = _line_of(text, keys)
    place = f"{path}, line {line}" if line else str(path)
    if first["type"] == "extra_forbidden":
        known = _known_keys(keys[:-1])
        return ProfileInvalid(
            f"{place}: unknown key {name}"[:500],
            hint=did_you_mean(keys[-1], known, otherwise=f"known keys: {_some(known)}"),
        )
    if first["type"] in ("missing", "too_short") and keys == ["models"]:
        return ProfileInvalid(
            f"{place}: no model is named",
            hint="add a section such as [models.lighthouse]; it may be empty",
        )
    words = first["msg"].removeprefix("Value error, ").replace("tuple", "list")
    words = words.replace("Tuple", "List")  # which is what TOML calls it
    words = words[:1].lower() + words[1:]
    return ProfileInvalid(f"{place}: {name}: {words}"[:500], hint="mend the profile and try again")


def _is_key(part: str | int) -> bool:
    """pydantic adds the branch of a union, as in features.str, and places in lists; drop them."""
    return part not in {"str", "float", "int", "then"} and not isinstance(part, int)


def _known_keys(parents: list[str]) -> list[str]:
    """The keys of the section that these lead to; the word behind `models` is a model's name."""
    section: type[BaseModel] = Profile
    for place, name in enumerate(parents):
        field = section.model_fields.get(name)
        if field is not None and parents[:place] != ["models"]:
            section = next(_sections(field.annotation), section)
    return list(section.model_fields)


def _sections(annotation: object) -> Iterator[type[BaseModel]]:
    """The sections within a type such as `dict[str, Section] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)


def _some(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:20])


def _line_of(text: str, keys: list[str]) -> int | None:
    """The line that holds the key, or the nearest enclosing section; None where neither shows."""
    section: list[str] = []
    best: tuple[int, int] | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        header = re.fullmatch(r"\[\[?\s*(.+?)\s*\]\]?\s*(#.*)?", line)
        if header:
            section = [part.strip(" \"'") for part in header.group(1).split(".")]
            here = section
        else:
            match = re.match(r"([\w.\"' -]+?)\s*=", line)
            if not match:
                continue
            here = section + [part.strip(" \"'") for part in match.group(1).split(".")]
        if here == keys[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


PROFILE_TEMPLATE = """\
# The profile of Numeri. Every key shown has its default value unless a comment says otherwise.

tournament = "{tournament}"        # "numerai", "practice" or the address of an API
data_version = "{data_version}"
# connections = 4               # ranges of a file downloaded at a time
# no_progress_seconds = 60      # a transfer that moves no byte for so long is started again

{section}
# [wire]                        # one API call: how long it may take, how often it is tried
# total_seconds = 60
# attempts = 6

# [guard]                       # before a submission: "warn", "refuse" or "off"
# target = "warn"               # the model predicts what the round does not pay
# data_version = "warn"         # a newer data version than the model's is listed
# age = "warn"                  # the training is older than max_age_weeks
# profile = "warn"              # the model was trained otherwise than this profile says
# unjudged = "warn"             # no era can judge a retrained model; "refuse" keeps it aside
# max_age_weeks = 26

# [mcp]                         # what agents may do by `numeri mcp`
# submit = "ask"                # "ask" a person each time, "allow" or "refuse"

# [notify]                      # who is told how a run ended; try it with `numeri notify --test`
# webhook = "https://ntfy.sh/a-topic-nobody-guesses"  # or of Slack, Discord, healthchecks.io …
# on = ["failure", "guard", "deadline"]               # or "success", too
"""


def profile_text(model: str, *, tournament: str, practice: bool) -> str:
    """A commented profile for `numeri init`; the real tournament gets the tutorial's larger model.

    Parameters of the latter: 2,000 trees at 0.01, as in Numerai's own introduction.
    """
    given = STARTER_PARAMETERS if practice else LARGER_PARAMETERS
    params = ", ".join(f"{name} = {value}" for name, value in given.items())
    section = MODEL_TEMPLATE.format(model=model, params=params)
    template = PROFILE_TEMPLATE + CLUSTER_TEMPLATE
    return template.format(tournament=tournament, data_version=DATA_VERSION, section=section)
