"""Our verdict on a prediction file is the official validator's: numerai-tools 0.7.2 as oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numerai_tools.submissions import validate_submission_numerai

from numeri_cli.commands.submission.check import check_predictions
from numeri_cli.errors import NumeriError

FILES = 240
IDS = [f"n{number:015x}" for number in range(60)]
Random = np.random.Generator
Change = Callable[[pd.DataFrame, Random], pd.DataFrame]


def with_one(table: pd.DataFrame, random: Random, value: Any) -> pd.DataFrame:
    """One prediction is this."""
    values = table["prediction"].copy()
    if isinstance(value, str):
        values = values.astype(object)
    values.iloc[int(random.integers(len(table)))] = value
    return table.assign(prediction=values)


def surplus(table: pd.DataFrame, random: Random, **more: Any) -> pd.DataFrame:
    """Rows of ids that are not live."""
    count = int(random.integers(1, 4))
    rows = pd.DataFrame({"id": [f"x{at}" for at in range(count)], "prediction": 0.5})
    return pd.concat([table, rows.assign(**more)], ignore_index=True)


def with_id(table: pd.DataFrame, random: Random, value: Any) -> pd.DataFrame:
    """One id is this."""
    ids = table["id"].astype(object)
    ids.iloc[int(random.integers(len(table)))] = value
    return table.assign(id=ids)


CHANGES: dict[str, Change] = {
    "as it is": lambda t, r: t,
    "shuffled": lambda t, r: t.sample(frac=1, random_state=int(r.integers(1000))),
    "probability": lambda t, r: t.rename(columns={"prediction": "probability"}),
    "other header": lambda t, r: t.rename(columns={"id": r.choice(["ID", " id", "index"])}),
    "turned": lambda t, r: t[["prediction", "id"]],
    "one column": lambda t, r: t[["id"]],
    "era": lambda t, r: t.assign(era="X"),
    "ids twice": lambda t, r: t[["id", "id", "prediction"]].set_axis(
        ["id", "id.1", "prediction"], axis=1
    ),
    "id index": lambda t, r: t.set_index("id"),
    "unnamed index": lambda t, r: t.set_axis([f"row{at}" for at in range(len(t))], axis=0),
    "unnamed index of ids": lambda t, r: t.set_index("id").rename_axis(None),
    "surplus": surplus,
    "surplus without value": lambda t, r: surplus(t, r, prediction=np.nan),
    "surplus out of range": lambda t, r: surplus(t, r, prediction=7.0),
    "surplus twice": lambda t, r: surplus(t, r, id="x"),
    "lost": lambda t, r: t.iloc[int(r.integers(1, 5)) :],
    "repeated": lambda t, r: pd.concat([t, t.iloc[: int(r.integers(1, 5))]], ignore_index=True),
    "no id": lambda t, r: with_id(surplus(t, r), r, None),
    "no id beside all": lambda t, r: pd.concat(
        [t, pd.DataFrame({"id": [None], "prediction": [0.5]})], ignore_index=True
    ),
    "empty id beside all": lambda t, r: pd.concat(
        [t, pd.DataFrame({"id": [""], "prediction": [0.5]})], ignore_index=True
    ),
    "another's ids": lambda t, r: t.assign(id=[f"m{at}" for at in range(len(t))]),
    "numbers as ids": lambda t, r: t.assign(id=range(len(t))),
    "NaN": lambda t, r: with_one(t, r, np.nan),
    "infinite": lambda t, r: with_one(t, r, r.choice([np.inf, -np.inf])),
    "just above one": lambda t, r: with_one(t, r, 1 + 10.0 ** r.uniform(-16, -5.1)),
    "above one": lambda t, r: with_one(t, r, 1 + 10.0 ** r.uniform(-4.9, 1)),
    "just below zero": lambda t, r: with_one(t, r, -(10.0 ** r.uniform(-16, -8.1))),
    "below zero": lambda t, r: with_one(t, r, -(10.0 ** r.uniform(-7.9, 1))),
    "both just outside": lambda t, r: with_one(
        t.assign(prediction=[-1e-9, *t["prediction"][1:-1], 1 + 1e-9]), r, 0.5
    ),
    "zero and one": lambda t, r: t.assign(prediction=r.integers(0, 2, len(t))),
    "constant": lambda t, r: t.assign(prediction=0.5),
    "nearly constant": lambda t, r: t.assign(
        prediction=0.5 + r.standard_normal(len(t)) * 10.0 ** r.uniform(-12, -6)
    ),
    "text": lambda t, r: t.assign(prediction=[f"{one:.6f}" for one in t["prediction"]]),
    "one word": lambda t, r: with_one(t, r, "high").astype({"prediction": str}),
    "truths": lambda t, r: t.assign(prediction=r.integers(0, 2, len(t)).astype(bool)),
    "float32": lambda t, r: t.astype({"prediction": "float32"}),
    "categories of ids": lambda t, r: t.astype({"id": "category"}),
    "categories of values": lambda t, r: t.astype({"prediction": "category"}),
    "empty": lambda t, r: t.iloc[:0],
    "a field too many": lambda t, r: t,
}
# What we judge otherwise, and why
MISSES = {
    ("a field too many", ".csv"): "pandas takes the first field of each row for an index where the"
    " header lacks its name; such a file is cut or glued together more often than meant",
}


def written(folder: Path, table: pd.DataFrame, *, suffix: str) -> Path:
    """A file of the table, its index with it where it has one that is not counted."""
    path = folder / f"predictions{suffix}"
    keeps_index = not isinstance(table.index, pd.RangeIndex)
    if suffix == ".csv":
        table.to_csv(path, index=keeps_index)
    else:
        table.to_parquet(path)
    return path


def official(path: Path) -> bool:
    """Whether numerai-tools takes it, read as its users read files."""
    try:
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        validate_submission_numerai(pd.Series(IDS), table)
    except Exception:
        return False
    return True


def ours(path: Path) -> bool:
    """Whether we take it."""
    try:
        check_predictions(path, IDS)
    except NumeriError:
        return False
    return True


def test_our_verdict_on_generated_files_is_that_of_the_official_validator(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    verdicts: Counter[bool] = Counter()
    wrong: dict[tuple[str, str], str] = {}
    for number in range(FILES):
        name = list(CHANGES)[number // 2 % len(CHANGES)]
        suffix = (".csv", ".parquet")[number % 2]
        good = pd.DataFrame({"id": IDS, "prediction": random.uniform(0.01, 0.99, len(IDS))})
        path = written(tmp_path, CHANGES[name](good, random), suffix=suffix)
        if name == "a field too many" and suffix == ".csv":
            header, *rows = path.read_text().splitlines()
            path.write_text("\n".join([header, *(f"0,{row}" for row in rows), ""]))
        expected = official(path)
        verdicts[expected] += 1
        if ours(path) != expected:
            wrong[name, suffix] = f"official {expected}"
    assert sum(verdicts.values()) >= 200
    assert min(verdicts.values()) >= 60
    assert wrong.keys() == MISSES.keys(), wrong
