"""Every key of a profile, from its schema, with what it means: for the guide and for `explain`.

A new key of the schema gets its sentence here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from numeri_cli.api.http.limits import Limits
from numeri_cli.config import Profile

ANY_MODEL = "NAME"  # stands for the name of a model, and for that of what is varied
_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "": {
        "tournament": 'Which tournament is played: "numerai", "practice" or the address of an API.',
        "data_version": "The data version that is trained on and submitted with.",
        "connections": "How many ranges of a file are downloaded at a time.",
        "no_progress_seconds": "A transfer that moves no byte for so long is started again.",
    },
    "models.NAME": {
        "features": "A set, a file such as `@mine.txt`, or a list of sets, names and files; "
        "`-` before one takes it away.",
        "targets": "What is learned: a member of the ensemble for each.",
        "seeds": "A member of the ensemble for each, with every target.",
        "data": "The files that it is trained on.",
        "train_window": 'Only these eras of them, such as "0200-0574", or a list of ranges.',
        "era_stride": "Every n-th era of those, counted from the first: 4 takes a quarter of the "
        "memory and time.",
        "missing_twos": '"nan" has a feature that is 2 throughout an era count as missing.',
        "residual_to": "A benchmark's column, or another model that was backtested: what is left "
        "of the targets without it is learned.",
        "early_stopping_eras": "So many last eras are held out and end the training in time; 0 "
        "holds none out.",
        "retrain": 'How often it is trained again: "never", or such as "4 weeks".',
        "retrain_hours": "A retraining that takes longer is ended.",
        "artifact": "The id of the trained model that is used, whatever is trained; the newest "
        "where it is not set.",
        "blend": 'Other models by name and share, or "equal" for all of them; of a blend nothing '
        "else but `neutralize` may be said.",
    },
    "models.NAME.estimator": {
        "name": 'What learns: "lightgbm", "xgboost", "catboost", "module:Class"; or what exists: '
        '"module:function", "model.pkl".',
        "params": "Its parameters, passed on unchanged. Where a model has no section for its "
        "estimator they are those that `numeri init` writes.",
        "epochs": "How often all eras stream past a class that learns from batches; once where it "
        "is not set.",
        "shuffle": "Whether they come in another order each time; false: in order of time.",
    },
    "models.NAME.era_weights": {
        "equal": "Every era counts the same, however many rows it has.",
        "half_life_eras": "An era so much older counts half.",
        "file": "A file with the columns era and weight, beside the profile.",
    },
    "models.NAME.neutralize": {
        "features": "What the predictions are made independent of: as `features` of a model; best "
        "the model's own, or a set that holds them.",
        "benchmark": "Columns of the benchmark models' file, one or a list.",
        "file": "A file with ids and columns of numbers, beside the profile.",
        "proportion": "How much of what they explain is taken out; 0 switches it off.",
        "then": "Further steps, each of what the one before has left. Written as a list: "
        "`neutralize = [{ … }, { … }]`.",
    },
    "models.NAME.tune.NAME": {
        "log": "From the first number to the second, each order of magnitude alike.",
        "range": "From the first number to the second, evenly.",
        "step": "The distance between neighbours of a range.",
        "choice": "One of these values.",
    },
    "wire": {
        "connect_seconds": "How long to wait for a connection.",
        "read_seconds": "How long to wait for the next bytes of an answer.",
        "total_seconds": "How long one call may take, with all attempts.",
        "attempts": "How often a call is tried.",
        "backoff_start_seconds": "The first pause between two attempts; each next one is longer.",
        "backoff_max_seconds": "The longest pause between two attempts.",
        "retry_after_seconds": "The longest pause that a server may ask for.",
        "poll_seconds": "How often the server is asked what became of a submission.",
        "settle_seconds": "For how long it is asked.",
        "hosted_seconds": "For how long Numerai's trial of a model that it hosts is waited for.",
    },
    "cluster": {
        "address": 'A Dask scheduler, "tcp://…" or "tls://…", or "local:4" for workers here.',
        "certificates": "A folder with ca.pem, cert.pem and key.pem.",
        "insecure": "Go to other machines without TLS.",
        "distribute": '"models": each member is a task of its own; "rows": one over all machines.',
        "data": "Where workers find the data: a folder or an object store; the path it has here"
        " where it is not set.",
    },
    "mcp": {
        "submit": "Whether an agent may submit: a person is asked each time, nobody is, never.",
    },
    "notify": {
        "webhook": "Whom to tell how a run ended: an address or several.",
        "command": "A program and its arguments, which gets JSON on its standard input.",
        "on": 'Of what: "failure", "guard", "deadline", "success".',
        "shape": "What the addresses take, where they do not show it by themselves.",
    },
    "guard": {
        "target": "The model predicts what the round does not pay.",
        "data_version": "A newer data version than the model's is listed.",
        "age": "The training is older than `max_age_weeks`.",
        "profile": "The model was trained otherwise than the profile says.",
        "unjudged": 'No era can judge a retrained model; "refuse" keeps it aside.',
        "max_age_weeks": "How old a training may be.",
    },
}
_LISTS = {"string": "list of texts", "integer": "list of whole numbers"}
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "table",
}


@dataclass(frozen=True)
class ProfileKey:
    """A key of a profile: its dotted path, what it takes, its default in TOML, None without one."""

    path: str
    takes: str
    default: str | None
    meaning: str

    @property
    def section(self) -> str:
        """The section that it stands in; empty for the top of the file."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key alone."""
        return self.path.rpartition(".")[2]


@cache
def profile_keys() -> tuple[ProfileKey, ...]:
    """Every key in the order of the schema; a test tells of those without a sentence."""
    return tuple(_keys(Profile, ""))


def _meaning(path: str) -> str | None:
    section, _, name = path.rpartition(".")
    return _MEANINGS.get(section, {}).get(name)


def keys_without_a_place() -> set[str]:
    """Keys that have a sentence here, though the schema knows them no longer."""
    told = {f"{section}.{name}".strip(".") for section in _MEANINGS for name in _MEANINGS[section]}
    return told - {key.path for key in profile_keys()}


def _keys(section: type[BaseModel], above: str) -> Iterator[ProfileKey]:
    schema = section.model_json_schema()
    own = schema if "properties" in schema else schema["$defs"][section.__name__]  # names itself
    shapes = own["properties"]
    for name, field in section.model_fields.items():
        path = f"{above}{name}"
        below = _section_of(field.annotation)
        meaning = _meaning(path)
        if below is None or meaning is not None:
            default = field.get_default(call_default_factory=True)
            if above == "wire.":  # what is not set is as the client has it
                default = getattr(Limits(), name)
            words = None if default in (None, (), [], {}) else _toml(default)
            yield ProfileKey(path, _words(shapes[name]), words, meaning or "")
        else:
            several = f".{ANY_MODEL}" if "additionalProperties" in shapes[name] else ""
            yield from _keys(below, f"{path}{several}.")


def _section_of(annotation: object) -> type[BaseModel] | None:
    """The section within a type such as `dict[str, Section] | None`; None for a plain key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_section_of(part) for part in get_args(annotation))
    return next((one for one in found if one is not None), None)


def _words(shape: Mapping[str, Any]) -> str:
    """What a piece of JSON schema takes, such as "whole number, 1 to 16"."""
    if "anyOf" in shape:
        parts = [_words(one) for one in shape["anyOf"] if one.get("type") != "null"]
        if "number" in parts:  # every whole number is one
            parts = [one for one in parts if one != "whole number"]
        return " or ".join(dict.fromkeys(parts))
    if "enum" in shape:
        return " or ".join(f'"{one}"' for one in shape["enum"])
    if "const" in shape:
        return f'"{shape["const"]}"'
    kind = shape.get("type")
    if kind == "array":
        if "prefixItems" in shape:
            return f"list of {len(shape['prefixItems'])} numbers"
        inner = shape["items"]
        if not inner:
            return "list"
        if "$ref" in inner:
            return "list of tables"
        if "enum" in inner:
            return f"list of {_words(inner)}"
        return f"{_LISTS[inner['type']]}{_bounds(inner)}"
    words = _KINDS[str(kind)]
    return f"{words}{_bounds(shape)}" if kind in ("integer", "number") else words


def _bounds(shape: Mapping[str, Any]) -> str:
    least, most = shape.get("minimum"), shape.get("maximum")
    if (above := shape.get("exclusiveMinimum")) is not None:
        upper = "" if most is None else f", at most {most:,}"
        return f" above {above:g}{upper}"
    if least is not None and most is not None:
        return f", {least:g} to {most:,}"
    return "" if least is None else f", at least {least:g}"


def _toml(value: object) -> str:
    """A default as TOML writes it, which is mostly as JSON does."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)
