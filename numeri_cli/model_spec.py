"""What a model is: one schema, in the profile, in its training and in its artifact alike.

And the machines that train it, where it is not this one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from numeri_cli.search_space import Space

DEFAULT_ESTIMATOR = "lightgbm"
STARTER_PARAMETERS: dict[str, Any] = {
    "n_estimators": 200,
    "learning_rate": 0.04,
    "max_depth": 5,
    "num_leaves": 31,
    "colsample_bytree": 0.1,
    "min_data_in_leaf": 1000,
}
LARGER_PARAMETERS: dict[str, Any] = {  # of the real tournament, as in Numerai's introduction
    "n_estimators": 2000,
    "learning_rate": 0.01,
    "max_depth": 5,
    "num_leaves": 31,
    "colsample_bytree": 0.1,
}
_KEY_NAME = re.compile(  # of an object store's address
    r"secret|password|token|sign|(access|account)_?key|^(key|sig|sas|credentials?)$", re.IGNORECASE
)
_RETRAIN = re.compile(r"never|[1-9]\d{0,2} weeks?")


def _from_list(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _words(value: object) -> object:
    return (value,) if isinstance(value, str) else _from_list(value)


# TOML and JSON have lists only; what is passed around is not to be changed
FROM_LIST = BeforeValidator(_from_list)
Words = Annotated[tuple[str, ...], FROM_LIST]
Names = str | Words
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Part = Literal["train", "validation"]
Distribute = Literal["models", "rows"]
Word = Annotated[str, Field(min_length=1)]


Share = Annotated[float, Field(gt=0, le=1_000_000, strict=False, allow_inf_nan=False)]


def _blend(value: object) -> object:
    if isinstance(value, str) and value != "equal":
        raise ValueError('must be "equal" or a table of models and shares, { lighthouse = 0.6 }')
    if isinstance(value, dict) and not value:
        raise ValueError("the blend has no parts")
    return value


class Section(BaseModel):
    """A table of the profile: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EstimatorSpec(Section):
    """What learns: a registered name or "module:Class"; its parameters are passed unchanged.

    A function "module:function" or a pickle "model.pkl" that exists is used as it is.
    epochs, shuffle: of a class that learns from batches: how often the eras stream past, and
    whether in another order each time; None is once, in another order
    """

    name: str = DEFAULT_ESTIMATOR
    params: dict[str, Any] = Field(default_factory=dict)
    epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    shuffle: bool | None = None


class Neutralization(Section):
    """What the predictions are made independent of, and how far (0 to 1).

    features: a set's name, or a list as `features` of a model takes it
    benchmark: columns of the benchmark models' file that lies beside the data
    file: beside the profile, CSV or parquet with ids and columns of numbers
    then: further steps, each of what the one before has left; in the profile a list of tables
    A set that leaves out what the model leans on can even raise its largest exposure (measured in
    tests/studies/starter.md), so the default is the default features of a model.
    """

    features: Names = "medium"
    benchmark: Annotated[Words, BeforeValidator(_words)] = ()
    file: Annotated[str, Field(min_length=1)] | None = None
    proportion: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.5
    then: Annotated[tuple[Neutralization, ...], FROM_LIST] = ()

    @model_validator(mode="before")
    @classmethod
    def _other_columns_stand_alone(cls, given: object) -> object:
        others = isinstance(given, dict) and (given.get("benchmark") or given.get("file"))
        if isinstance(given, dict) and others and "features" not in given:
            return {**given, "features": ()}
        return given

    @property
    def steps(self) -> tuple[Neutralization, ...]:
        """One after the other, without those that change nothing."""
        alone = self.model_copy(update={"then": ()})
        return tuple(step for step in (alone, *self.then) if step.proportion > 0)

    @property
    def words(self) -> str:
        """Such as "0.5 of medium, then 1 of v53_lgbm_ender20"."""
        return ", then ".join(f"{one.proportion:g} of {one.columns_words}" for one in self.steps)

    @property
    def columns_words(self) -> str:
        """What this step takes out, in words."""
        features = (self.features,) if isinstance(self.features, str) else self.features
        some = f"{len(features)} features" if len(features) > 4 else ", ".join(features)
        parts = [some, *self.benchmark, *([Path(self.file).name] if self.file else [])]
        return " and ".join(part for part in parts if part)


def _steps(given: object) -> object:
    """A list of tables as its first with the others behind it."""
    if isinstance(given, list | tuple) and given and isinstance(given[0], dict):
        return {**given[0], "then": [*given[1:]]} if len(given) > 1 else given[0]
    return given


class EraWeights(Section):
    """How much each era counts in training; as it stands, all rows count the same.

    equal: every era the same, however many rows it has
    half_life_eras: an era so much older counts half
    file: beside the profile, CSV or parquet with columns era and weight; the three multiply
    """

    equal: bool = False
    half_life_eras: (
        Annotated[float, Field(ge=1, le=100_000, strict=False, allow_inf_nan=False)] | None
    ) = None
    file: Annotated[str, Field(min_length=1)] | None = None


class ModelSpec(Section):
    """One model: targets × seeds, each of which becomes a member of the ensemble.

    features: a set's name, "@mine.txt", or a list of sets, names and files, `-` taking away
    data: the files it is trained on
    train_window: only these eras of them, such as "0200-0574", or a list of ranges
    era_stride: every n-th era of those, counted from the first
    missing_twos: "nan" has a feature that is 2 throughout an era count as missing there
    residual_to: a benchmark's column, or another model of the profile that was backtested; what is
    left of the targets without it is learned
    early_stopping_eras: the last ones, held out and purged; they end the training; 0 does not
    retrain: "never", or after so many weeks
    retrain_hours: a retraining that takes longer is ended; it stands in no artifact, either
    blend: other models of the profile as members, by name how much each counts, or "equal" for all
    of them; of a blend nothing else but `neutralize` is said, and without it nothing is taken out
    artifact: the id of the one that is used, whatever is trained; the newest where None. It says
    nothing of how a model is trained, so that it stands in no artifact.
    tune: what `numeri tune` may vary, by name; it stands in no artifact, either
    """

    features: Names = "medium"
    targets: Annotated[tuple[str, ...], Field(min_length=1), FROM_LIST] = ("target_ender_60",)
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1), FROM_LIST] = (1,)
    data: Annotated[tuple[Part, ...], Field(min_length=1), FROM_LIST] = ("train",)
    train_window: Names | None = None
    era_stride: Annotated[int, Field(ge=1)] = 1
    missing_twos: Literal["keep", "nan"] = "keep"
    residual_to: Annotated[str, Field(min_length=1)] | None = None
    early_stopping_eras: Annotated[int, Field(ge=0)] = 0
    retrain: str = "never"
    retrain_hours: Annotated[float, Field(gt=0, le=1000, strict=False, exclude=True)] = 48.0
    artifact: Annotated[str | None, Field(min_length=1, exclude=True)] = None
    estimator: EstimatorSpec = EstimatorSpec(params=STARTER_PARAMETERS)
    era_weights: EraWeights = EraWeights()
    neutralize: Annotated[Neutralization | None, BeforeValidator(_steps)] = Neutralization()
    blend: Annotated[dict[str, Share] | Literal["equal"] | None, BeforeValidator(_blend)] = None
    tune: Space = Field(default_factory=dict, exclude=True)

    @field_validator("retrain")
    @classmethod
    def _retrain_is_a_period(cls, value: str) -> str:
        if not _RETRAIN.fullmatch(value):
            raise ValueError('must be "never" or a number of weeks, such as "4 weeks"')
        return value

    @model_validator(mode="after")
    def _pinned_is_not_retrained(self) -> ModelSpec:
        if self.artifact is not None and self.retrain != "never":
            raise ValueError("artifact pins one, so that retrain would change nothing: drop one")
        return self

    @model_validator(mode="after")
    def _blend_is_not_trained(self) -> ModelSpec:
        given = sorted(self.model_fields_set - {"blend", "neutralize"})
        if self.blend is not None and given:
            raise ValueError(
                f"blend takes other models as they are, so that {', '.join(given)} would change"
                " nothing: say it of its parts"
            )
        return self

    @property
    def neutralization(self) -> Neutralization | None:
        """What is done to its predictions; None where nothing is."""
        if self.blend is not None and "neutralize" not in self.model_fields_set:
            return None  # its parts are neutralized already
        return self.neutralize if self.neutralize and self.neutralize.steps else None


def require_possible(models: Mapping[str, ModelSpec]) -> None:
    """Raise ValueError where models of a profile name each other in a way that cannot be."""
    _require_known_parts(models)
    for name in models:
        _require_no_circle(models, [name])


def _require_no_circle(models: Mapping[str, ModelSpec], chain: list[str]) -> None:
    """Raise ValueError where models of a profile wait for each other's predictions.

    chain: models of which each waits for the next
    """
    last = chain[-1]
    residual_to = models[last].residual_to
    for other in (*parts_of(models, last), *((residual_to,) if residual_to in models else ())):
        if other in chain:
            raise ValueError(f"residual_to goes round in a circle: {' → '.join([*chain, other])}")
        _require_no_circle(models, [*chain, other])


def parts_of(models: Mapping[str, ModelSpec], name: str) -> Mapping[str, float]:
    """The parts of a blend and how much each counts; empty for a model that is none."""
    blend = models[name].blend
    if blend is None:
        return {}
    if isinstance(blend, dict):
        return blend
    return {other: 1.0 for other, spec in models.items() if spec.blend is None}


def _require_known_parts(models: Mapping[str, ModelSpec]) -> None:
    """Raise ValueError where a blend has a part that is no model of the profile, or a blend."""
    for name, spec in models.items():
        parts = parts_of(models, name)
        if spec.blend is not None and not parts:
            raise ValueError(f"{name} blends all models, and the profile has no other")
        for part in parts:
            if part not in models:
                raise ValueError(f"{name} blends {part!r}, which is no model of the profile")
            if models[part].blend is not None:
                raise ValueError(f"{name} blends {part!r}, which is a blend itself")


class ClusterSettings(Section):
    """The machines that train.

    address: of a Dask scheduler, "tcp://…" or "tls://…", or "local:N" for N workers of this machine
    certificates: a folder with ca.pem, cert.pem and key.pem, beside the profile or anywhere
    insecure: go to other machines without TLS
    distribute: "models": each member is a task of its own; "rows": one member over all machines
    data: the folder or object store (s3://bucket/prefix) in which workers find the files of the
    data version; None: the path that they have on this machine
    """

    address: Word | None = None
    certificates: Word | None = None
    insecure: bool = False
    distribute: Distribute = "models"
    data: Word | None = None

    @field_validator("data")
    @classmethod
    def _has_no_keys(cls, value: str | None) -> str | None:
        """What stands here travels to every worker, and into errors."""
        scheme, _, rest = (value or "").partition("://")
        place, _, query = rest.partition("?")
        account, at, _ = place.rpartition("@")
        if scheme == "s3":  # elsewhere a container or a user may stand before the "@"
            has_account = any(sign in place.partition("/")[0] for sign in "@:")
        else:
            has_account = bool(at) and ":" in account
        if has_account or any(_KEY_NAME.search(name) for name, _ in parse_qsl(query)):
            raise ValueError(
                "holds a key of the store: workers have theirs in their own environment, such as"
                " AWS_ACCESS_KEY_ID"
            )
        return value


# What `numeri init` writes of a model, then of a cluster: keys with their defaults, what they do
MODEL_TEMPLATE = """\
[models.{model}]                # the model's name, as on the server
features = "medium"             # a set, "@mine.txt", or a list such as ["medium", "-charisma"]
targets = ["target_ender_60"]   # one member each, ensembled
seeds = [1]                     # one member each, ensembled
data = ["train"]                # or ["train", "validation"]
era_stride = 1                  # 4 takes every 4th era: a quarter of the memory and time
# missing_twos = "keep"         # "nan": an era where a feature is 2 throughout counts as missing
# early_stopping_eras = 0       # so many last eras are held out and end the training in time
# retrain = "never"             # or "4 weeks"
# retrain_hours = 48            # a retraining that takes longer is ended

[models.{model}.estimator]
name = "lightgbm"               # or "xgboost", "catboost", "my_module:MyClass", "model.pkl"
params = {{ {params} }}

[models.{model}.neutralize]     # proportion = 0 switches it off
features = "medium"             # best the model's own features, or a set that holds them
proportion = 0.5

# [models.{model}.era_weights]  # how much each era counts in training
# equal = false                 # true: every era the same, however many rows it has
# half_life_eras = 200          # an era so much older counts half; not set, age does not matter

# [models.{model}.tune]         # what `numeri tune {model}` tries: log, range or choice
# learning_rate = {{ log = [0.003, 0.1] }}
# neutralize.proportion = {{ range = [0, 1] }}
"""
CLUSTER_TEMPLATE = """
# [cluster]                     # other machines that train: `numeri guide cluster`
# address = "tls://10.0.0.5:8786"  # a Dask scheduler, or "local:4" for workers of this machine
# certificates = "certificates" # a folder with ca.pem, cert.pem and key.pem
# data = "s3://bucket/v5.3"     # where workers find the data; the path it has here, if not set
# distribute = "models"         # "rows": one member over all machines
# insecure = false              # true: other machines without TLS, whom anybody can then command
"""
