"""Sound things with something wrong in them, drawn by hypothesis."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.support.json_places import places

LIVE_IDS = tuple(f"n{number:015x}" for number in range(6))
FEATURES = {
    "feature_sets": {"small": ["feature_a", "feature_b"], "all": ["feature_a", "feature_b"]},
    "targets": ["target", "target_ender_20"],
}
PROFILE = {
    "tournament": "practice",
    "data_version": "v5.3",
    "connections": 4,
    "no_progress_seconds": 60,
    "models": {
        "lighthouse": {
            "features": "medium",
            "targets": ["target_ender_60"],
            "seeds": [1, 2],
            "data": ["train"],
            "era_stride": 4,
            "estimator": {"name": "lightgbm", "params": {"n_estimators": 20}},
            "neutralize": {"features": "all", "proportion": 0.5},
        }
    },
    "notify": {"webhook": "https://example.org/x", "command": ["true"]},
    "wire": {"attempts": 3, "total_seconds": 20.5},
}
NASTY = st.sampled_from(
    ["", "\x00", "\ud800", "é\u202e", "-1", "nan", "../../etc", "a" * 300, "1e999", "[", "{x}"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | NASTY
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | NASTY, inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def trees(draw: st.DrawFn, sound: dict[str, Any]) -> Any:
    """The sound tree after one to three accidents."""
    tree: Any = copy.deepcopy(sound)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(tree)))
        if not place:
            if draw(st.integers(0, 9)) == 0:
                return draw(VALUES)
            continue
        *above, last = place
        holder = tree
        for step in above:
            holder = holder[step]
        accident = draw(st.sampled_from(["replaced", "removed", "renamed", "twice"]))
        if accident == "removed":
            del holder[last]
        elif accident == "renamed" and isinstance(holder, dict):
            holder[str(last) + draw(st.text(max_size=2) | NASTY)] = holder.pop(last)
        elif accident == "twice" and isinstance(holder, list):
            holder.append(holder[last])
        else:
            holder[last] = draw(VALUES)
    return tree


@st.composite
def broken(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes as they are, cut, or with others among them."""
    kind = draw(st.sampled_from(["whole", "whole", "cut", "changed", "inserted", "deep"]))
    at = draw(st.integers(0, len(content)))
    if kind == "cut":
        return content[:at]
    if kind == "changed":
        noise = draw(st.binary(min_size=1, max_size=4))
        return content[:at] + noise + content[at + len(noise) :]
    if kind == "inserted":
        return content[:at] + draw(st.binary(max_size=6)) + content[at:]
    if kind == "deep":
        return content[:at] + draw(st.sampled_from([b"[", b"{", b'{"a":'])) * 5000 + content[at:]
    return content


@st.composite
def feature_files(draw: st.DrawFn) -> bytes:
    """A features.json."""
    return draw(broken(json.dumps(draw(trees(FEATURES))).encode()))


@st.composite
def profiles(draw: st.DrawFn) -> bytes:
    """A numeri.toml."""
    return draw(broken(profile_bytes(draw(trees(PROFILE)))))


def profile_bytes(tree: Any) -> bytes:
    """A numeri.toml that says what the tree does; a line for each of its sections."""
    lines = (f"{_key(name)} = {_toml(value)}\n" for name, value in _object(tree).items())
    return "".join(lines).encode(errors="surrogatepass")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"models": value}


def _key(name: object) -> str:
    return json.dumps(str(name))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, float):
        return str(value)
    return '"nothing"' if value is None else json.dumps(value)


CELLS = (
    st.floats(0.01, 0.99)
    | st.sampled_from(["", "x", "NaN", "inf", "-0", "1", "0", "1.0000001", "1e400", "0,5", '"'])
    | st.integers()
)
IDS = st.sampled_from([*LIVE_IDS, "", "id", "n0", "0", "\u00e9"])


@st.composite
def prediction_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A name's suffix, and what a file of predictions holds."""
    ids: list[Any] = list(LIVE_IDS)
    values: list[Any] = [0.1, 0.3, 0.5, 0.6, 0.8, 0.9]
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.integers(0, len(ids) - 1))
        if draw(st.booleans()):
            ids[row] = draw(IDS)
        else:
            values[row] = draw(CELLS)
    head = draw(st.sampled_from([["id", "prediction"]] * 4 + [["id"], ["x", "y"], ["id", "id"]]))
    if draw(st.booleans()):
        lines = [",".join(head), *(f"{a},{b}" for a, b in zip(ids, values, strict=True))]
        text = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
        return ".csv", draw(broken(text.encode()))
    swapped = draw(st.integers(0, 5)) == 0
    table = _parquet(draw(st.sampled_from(TYPES)), ids, values, head, swapped=swapped)
    return ".parquet", draw(broken(table))


TYPES = [
    pa.float64(), pa.float64(), pa.float32(), pa.float16(), pa.int64(), pa.string(), pa.bool_(),
    pa.decimal128(5, 3), pa.timestamp("s"), pa.list_(pa.float64()), pa.binary(), pa.null(),
]  # fmt: skip


def _parquet(
    kind: pa.DataType, ids: list[Any], values: list[Any], head: list[str], *, swapped: bool
) -> bytes:
    numbers = [value if isinstance(value, float) else None for value in values]
    try:
        column = pa.array(numbers, pa.float64()).cast(kind)
    except pa.ArrowException:
        column = pa.array([None] * len(ids), kind)
    columns = [column if swapped else pa.array(ids, pa.string()), column][: len(head)]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=head), sink)
    return sink.getvalue()
