"""What another machine made is looked at before the library, which believes every index, reads it.

Each damage is planted into the bytes of a real model; the model itself passes.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest
import xgboost as xgb

from numeri_cli.learning.estimators.xgboost.structure import UnsoundUbj, check_ubj
from numeri_cli.learning.estimators.xgboost.ubjson import read_ubjson

ROWS = np.random.default_rng(3).integers(0, 5, (300, 4)).astype(np.float32)
LABELS = ROWS[:, 0] - ROWS[:, 1] * (ROWS[:, 2] > 2)


def model(**params: object) -> bytes:
    names = [f"feature_{n}" for n in range(4)]
    matrix = xgb.QuantileDMatrix(ROWS, label=LABELS, feature_names=names, nthread=1)
    own = {"max_depth": 3, "nthread": 1} | params
    return bytes(xgb.train(own, matrix, num_boost_round=3).save_raw("ubj"))


CONTENT = model()


def numbers_at(content: bytes, name: str) -> tuple[int, int, str]:
    """Where the first array of one type under a name begins, how many there are, their kind."""
    key = name.encode()
    place = content.index(key + b"[$") + len(key) + 2
    kind = content[place : place + 1]
    assert content[place + 1 : place + 3] == b"#L"
    [count] = struct.unpack(">q", content[place + 3 : place + 11])
    return place + 11, count, {b"l": ">i", b"d": ">f", b"U": ">B", b"L": ">q"}[kind]


def planted(name: str, where: int, value: float) -> bytes:
    """The model with another value at one place of an array of its first tree, or of the model."""
    key = name.encode()
    if key + b"[#L" in CONTENT:  # each number with its own kind
        place = CONTENT.index(key + b"[#L") + len(key) + 11 + 2 * where
        assert CONTENT[place : place + 1] == b"i"
        return CONTENT[: place + 1] + struct.pack(">b", int(value)) + CONTENT[place + 2 :]
    start, count, kind = numbers_at(CONTENT, name)
    assert where < count
    place = start + where * struct.calcsize(kind)
    packed = struct.pack(kind, value)
    return CONTENT[:place] + packed + CONTENT[place + len(packed) :]


def test_a_sound_model_passes_whatever_its_booster() -> None:
    check_ubj(CONTENT)
    check_ubj(model(booster="dart", rate_drop=0.5))
    check_ubj(model(num_parallel_tree=2, subsample=0.5))
    check_ubj(model(max_depth=0, grow_policy="lossguide", max_leaves=9))


def test_the_document_is_read_as_the_library_wrote_it() -> None:
    learner = read_ubjson(CONTENT)["learner"]
    assert learner["feature_names"] == [f"feature_{n}" for n in range(4)]
    trees = learner["gradient_booster"]["model"]["trees"]
    assert len(trees) == 3
    assert all(len(tree["parents"]) == int(tree["tree_param"]["num_nodes"]) for tree in trees)


@pytest.mark.parametrize(
    ("name", "where", "value", "said"),
    [
        ("left_children", 0, 1_000_000, "a child that is none"),
        ("left_children", 0, 0, "a child that is none"),
        ("right_children", 0, 1, "two parents"),
        ("right_children", 0, -1, "one child"),
        ("split_indices", 0, 4, "a feature that is not there"),
        ("split_indices", 0, -7, "a feature that is not there"),
        ("parents", 1, 2, "a parent that is none"),
        ("split_type", 0, 1, "categories"),
        ("tree_info", 0, 3, "a class that is not there"),
        ("iteration_indptr", 1, 9, "iteration_indptr"),
    ],
)
def test_an_index_out_of_range_is_found(name: str, where: int, value: int, said: str) -> None:
    with pytest.raises(UnsoundUbj, match=said):
        check_ubj(planted(name, where, value))


@pytest.mark.parametrize("cut", [1, 10, 400, len(CONTENT) - 1])
def test_a_model_that_is_cut_off_is_found(cut: int) -> None:
    with pytest.raises(UnsoundUbj):
        check_ubj(CONTENT[:cut])


def test_an_array_that_claims_more_than_there_is_takes_no_memory() -> None:
    start, _, _ = numbers_at(CONTENT, "left_children")
    claimed = CONTENT[: start - 8] + struct.pack(">q", 2**60) + CONTENT[start:]
    with pytest.raises(UnsoundUbj, match="too early"):
        check_ubj(claimed)


def test_nested_without_end_is_refused_in_bounded_depth() -> None:
    with pytest.raises(UnsoundUbj, match="nested too deeply"):
        check_ubj(b"[" * 100_000)


def test_any_flipped_byte_is_read_in_bounds_or_refused() -> None:
    """Whatever passes is what the library then reads: it predicts and does not end the process."""
    rng = np.random.default_rng(11)
    passed = 0
    for place in rng.integers(0, len(CONTENT), 300).tolist():
        changed = bytearray(CONTENT)
        changed[place] ^= 1 << int(rng.integers(0, 8))
        try:
            check_ubj(bytes(changed))
            booster = xgb.Booster(model_file=changed)
            booster.inplace_predict(ROWS)
            passed += 1
        except (UnsoundUbj, xgb.core.XGBoostError, ValueError):
            continue
    assert 0 < passed < 300
