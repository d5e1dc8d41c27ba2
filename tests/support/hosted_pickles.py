"""Pickles as people upload them, and a small round to try them on."""

from __future__ import annotations

import base64
import json
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd

from numeri_cli.hosted.environments import Environment
from numeri_cli.hosted.findings import HostedFinding
from numeri_cli.hosted.inside import Frames, answer_of, trouble
from numeri_cli.hosted.sandbox import ModelTrouble, Outcome, Run
from numeri_cli.hosted.tables import RoundTables

FEATURES = tuple(
    f"feature_{name}" for name in ("amber", "birch", "cedar", "delta", "ember", "fjord")
)
IDS = tuple(f"n{number:04d}" for number in range(200))


@dataclass(frozen=True)
class SmallRound:
    """A round's files."""

    live: Path
    benchmarks: Path


def small_round(folder: Path) -> SmallRound:
    """200 ids with six features of five bins, and two benchmark models."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    bins = random.integers(0, 5, (len(IDS), len(FEATURES))).astype(np.int8)
    index = pd.Index(IDS, name="id")
    live = pd.DataFrame(bins, columns=list(FEATURES), index=index)
    live.insert(0, "era", "0999")
    live["target"] = np.nan
    live.to_parquet(folder / "live.parquet")
    shares = random.random((len(IDS), 2))
    benchmarks = pd.DataFrame(shares, columns=["v5_lgbm", "v5_ridge"], index=index)
    benchmarks.iloc[::-1].to_parquet(folder / "live_benchmark_models.parquet")
    return SmallRound(folder / "live.parquet", folder / "live_benchmark_models.parquet")


def write_pickle(path: Path, function: Callable[..., Any]) -> Path:
    """A function as a participant pickles it: by value, as those of a notebook are."""
    modules = {sys.modules[function.__module__], sys.modules[__name__]}
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        path.write_bytes(cloudpickle.dumps(function))
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
    return path


def sound(live_features: Any) -> Any:
    """A function without a fault: a mean of features, ranked."""
    import pandas as pd

    columns = [name for name in live_features.columns if name.startswith("feature_")]
    mean = live_features[sorted(columns)].astype("float64").fillna(2.0) @ range(1, len(columns) + 1)
    ranks = (mean.rank(method="average") - 0.5) / len(mean)
    return pd.DataFrame({"prediction": ranks}, index=live_features.index)


def called_here(
    function: Callable[..., Any], folder: Path, tables: RoundTables, *, parameters: int = 1
) -> Run:
    """What the sandbox would tell of a harmless function, called in this very process."""
    frames, run = Frames(folder), Run(ended="done", at="all", parameters=parameters)
    run.steps["load"] = Outcome(seconds=0.0)
    for call in tables.calls(missing=None):
        if call.no_benchmarks and parameters == 1:
            continue
        told = json.loads(json.dumps(vars(call)))
        given = [frames.live(told)]
        if parameters == 2:
            given.append(frames.benchmarks(told))
        try:
            outcome = Outcome(seconds=0.0, answer=answer_of(function(*given)))
        except Exception as error:
            outcome = Outcome(seconds=0.0, trouble=ModelTrouble(**trouble(error)))
        run.steps[call.name] = outcome
    return run


def unfit(findings: list[HostedFinding] | tuple[HostedFinding, ...]) -> dict[str, str]:
    """What has to be mended: check → sentence."""
    return {one.check: one.message for one in findings if one.level == "mend"}


def warned(findings: list[HostedFinding] | tuple[HostedFinding, ...]) -> dict[str, str]:
    """What is warned of: check → sentence."""
    return {one.check: one.message for one in findings if one.level == "warning"}


def some_environment(minor: str = "3.11") -> Environment:
    """An environment that nothing is started in."""
    return Environment(
        python=Path("/nowhere/bin/python"),
        version=f"{minor}.7",
        is_image=True,
        note="",
        packages={"cloudpickle": "3.1.1"},
        readable=(),
    )


# a function pickled by cloudpickle under another Python, compressed, by that Python's version
_OF_OTHER_PYTHONS = {
    "3.11": (
        "eNptVN1LG0EQ37sk5EtbrNRgiy9SaLQ10T4HA41F6UEebF9E7LLeXbxt7iPm9rTKBfLQ2loWaukWW2ghTyK1YB/7ZxgJ"
        "6GP/lM4lGhPI3nE7s7/Zmfntzlw98vVpGLUHT6mm42kVqpZNPdMjC34LW6Ss45Jnq4w6tvgi0gbiw3jdoyajNmY7FR0W"
        "eazgaPrLQHknlkVakRQET0gJK6HC2SHSpLfIR6/R9VhAR/A96eo1yUe+NN7VGxIaMDT5d+gIkJMuWpN9uSEPsu33r4V3"
        "Ewix6A3uy/2edpMQNTwwaqTf8gUS6aIRveYoKxFltJA7RBvAcG0cmEgNNNAP6vdzmvKlzzK/B/54rKQT5lV1DMfHEy4j"
        "VeZuU2YEqpyZFVyyxR7cRk7bsYlF1RkVjnseTHMmdZnqWBVQ7lequkZVlsmZjkpMdz7Tg8I9TNXRWWKp8x6MHG+e+r/8"
        "v8+b2cVWdhGWPsx1UVFAYmqKwU0qEg+TN9SFRBbz/67KJXEVKCgIJtI8qjqmZ9mu4GFLJzZMVWKXBQ+ZOigx5uBSlVg6"
        "2PJhk25BOXXYwoYI0IHZmHg/gF30Kk6PpMiFV3V02eFgtcYewdxMLLUSS/Vnl/GxA68Vn7iIT57HJ4+ls/hkMz7dik/X"
        "Fy6HRz6tfFzZX+Wr30b38U+18eA7/UGbQw8vknPnybk/j5vJfCuZPwvnhXG3Q70GzJIYV4haJhs6xqLIYxgH+YIciBaB"
        "BuiIJWq2V1NZTd/KuoaV7TRQ1qI2zVR2hFcsFgOn0Dx3ut2EXZ3BXbOgg4wntSCiMdPDegjjTY+Y1yFvgNsYE9t2YCt4"
        "cQGrBZ2Ky9uaXiKeydx2trC9T09Ayo7mtTM1MjwKsKO2EaAJXe8GBRioKdzzD8Cut97Z5oo1EZhumM46lFc7rLcn9pZn"
        "M/8BsNtXxQ=="
    ),
    "3.13": (
        "eNptU89rE0EUnt1Nmma3VWshFVEpaaGptY0VehDEIlFaDQ2SGrEUGba7k+yS3dmYmW0ttJCLheJCBacg6EHwonjQo39G"
        "Yg/p0b/Agzdvvs02Gkln2d333vd+zZtvGvHDDwrqrGDMcDzfrNlG1SFzPbIIzmBXrxJc9qnBbY+K1yJjoWAYb/i2w22K"
        "+XaNgDEYzHkmeRQqL0RRZPJSHsETyw/kldzPQ1RCRdS/RtFjiclZxOTlSwh5I0Wl32dVWpAiKXNiMWWEVi4iVJIeyitX"
        "ENLQOKIylZ7IcUCL8VNyyKvKTYkqJaWY6EcXul6xWRWh9WTXXlK6lWc1yKudkjfe9ZiEPYzDS6UyEplCMFgmOvfrBIu8"
        "FMT05zaDuSwt/jiZt1qrE9OOJspFJkgYnuO7lIlAZVyvc7Zlc0sEMZfoFH51nVZFoDgElEHu4XJdd0kncNixN+F0omIQ"
        "LoFHnALKhHWOg/ctxus2rdwWQeKkZo+Ul3OVBjpOTbRTM99TM0fqcis182rky86nnW8P2tmlg3nQG/ea6vJxMtVKXm4n"
        "061k+qPUTKabyauNu8fDIwdr+2sv19+M7uN3xvvJt3ZraKqtzbe0+a/XjrTFZmzx96840u5LIqceXLhzI/Z5AD5iepoD"
        "S3ZhAxrGNd2o6hWCsYC5YRx2D3IoujowLBLLttOxjmVNsplllpuNGJp1bWrP1baFXygUwqTAzvN/6YoZ4TBQHlLUmtoN"
        "K1rpnkkMYfzM151uyX/AWYx1Sj0IhSwMsN3wKuDqlknKuu9w1ukWwv/TVWjZM/1Op9ZEkADYMzoIbBOuFQsZEapjuOeS"
        "YeZvRGFMPBWha8XxNnQnKuvvib3i9bk/yYcctg=="
    ),
}


def pickled_by(minor: str) -> bytes:
    """A pickle that this version of Python has made."""
    return zlib.decompress(base64.b64decode(_OF_OTHER_PYTHONS[minor]))
