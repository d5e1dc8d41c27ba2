"""Whether an XGBoost model is sound, before the library reads it.

The library believes the indices of such a file: a child that is none, or a feature that is not
there, is read past the end of its memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.learning.estimators.xgboost.ubjson import UbjsonBroken, read_ubjson

MOST_TREES = 1_000_000
_FLOATS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
_WHOLES = ("left_children", "right_children", "parents", "split_indices")
_FLAGS = ("default_left", "split_type")
_OF_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_NO_CHILD = -1
_NO_PARENT = 2**31 - 1


class UnsoundUbj(Exception):
    """Something in a model's UBJ contradicts the rest; the message says what."""


def check_ubj(content: bytes) -> None:
    """Raises UnsoundUbj: sizes that are not the trees', indices out of range, a circle."""
    try:
        learner = _table(read_ubjson(content), "learner")
        features = _count(_table(learner, "learner_model_param"), "num_feature")
        _require_one_number(_table(learner, "learner_model_param"))
        names = learner.get("feature_names")
        if not isinstance(names, list) or len(names) != features:
            raise UnsoundUbj(f"feature_names are not {features}")
        booster = _table(learner, "gradient_booster")
        dropped = booster.get("weight_drop")
        model = _table(_table(booster, "gbtree") if dropped is not None else booster, "model")
        trees = _list(model, "trees")
        _check_model(model, len(trees), weights=dropped)
        for number, tree in enumerate(trees):
            try:
                _check_tree(tree, features)
            except UnsoundUbj as error:
                raise UnsoundUbj(f"tree {number}: {error}") from error
    except UbjsonBroken as error:
        raise UnsoundUbj(str(error)) from error


def _require_one_number(params: Mapping[str, Any]) -> None:
    """One number a row is what a member predicts."""
    if _count(params, "num_class") > 1 or _count(params, "num_target", absent=1) > 1:
        raise UnsoundUbj("it predicts several numbers a row")


def _check_model(model: Mapping[str, Any], trees: int, *, weights: object) -> None:
    params = _table(model, "gbtree_model_param")
    if not 1 <= trees <= MOST_TREES or _count(params, "num_trees") != trees:
        raise UnsoundUbj(f"num_trees are not {trees}")
    parallel = _count(params, "num_parallel_tree", absent=1)
    info = _wholes(model, "tree_info", trees)
    if np.any(info != 0):
        raise UnsoundUbj("a tree of a class that is not there")
    bounds = _wholes(model, "iteration_indptr", None)
    rounds, rest = divmod(trees, max(parallel, 1))
    if rest or not np.array_equal(bounds, np.arange(rounds + 1) * max(parallel, 1)):
        raise UnsoundUbj("iteration_indptr are not those of the trees")
    if weights is not None and len(np.asarray(weights)) != trees:
        raise UnsoundUbj(f"weight_drop are not {trees}")


def _check_tree(tree: object, features: int) -> None:
    if not isinstance(tree, dict):
        raise UnsoundUbj("it is none")
    params = _table(tree, "tree_param")
    nodes = _count(params, "num_nodes")
    if nodes < 1 or _count(params, "size_leaf_vector", absent=1) > 1:
        raise UnsoundUbj("it has no nodes, or several numbers a leaf")
    if _count(params, "num_feature") != features:
        raise UnsoundUbj(f"num_feature is not {features}")
    for name in _FLOATS:
        if len(np.asarray(tree.get(name, ()))) != nodes:
            raise UnsoundUbj(f"{name} are not {nodes}")
    left, right, parents, split = (_wholes(tree, name, nodes) for name in _WHOLES)
    flags = [_wholes(tree, name, nodes) for name in _FLAGS]
    if np.any(flags[1] != 0) or any(len(np.asarray(tree.get(one, ()))) for one in _OF_CATEGORIES):
        raise UnsoundUbj("a decision by categories, of which there are none")
    inner = left != _NO_CHILD
    if not np.array_equal(inner, right != _NO_CHILD):
        raise UnsoundUbj("a node with one child")
    children = np.concatenate([left[inner], right[inner]])
    if np.any((children < 1) | (children >= nodes)) or len(np.unique(children)) != len(children):
        raise UnsoundUbj("a child that is none, or that has two parents")
    above = np.concatenate([np.flatnonzero(inner)] * 2)
    if np.any(parents[children] != above) or parents[0] not in (_NO_PARENT, _NO_CHILD):
        raise UnsoundUbj("a parent that is none")
    if np.any((split[inner] < 0) | (split[inner] >= features)):
        raise UnsoundUbj("a split by a feature that is not there")


def _table(content: object, name: str) -> dict[str, Any]:
    found = content.get(name) if isinstance(content, dict) else None
    if not isinstance(found, dict):
        raise UnsoundUbj(f"{name} is missing")
    return found


def _list(content: Mapping[str, Any], name: str) -> list[Any]:
    found = content.get(name)
    if not isinstance(found, list):
        raise UnsoundUbj(f"{name} are missing")
    return found


def _count(content: Mapping[str, Any], name: str, *, absent: int | None = None) -> int:
    """A number that the library writes as text."""
    text = content.get(name, absent)
    if isinstance(text, int):
        return text
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise UnsoundUbj(f"{name} is no number")
    return int(text)


def _wholes(content: Mapping[str, Any], name: str, count: int | None) -> npt.NDArray[np.int64]:
    """(count,) whole numbers."""
    try:
        found = np.asarray(content.get(name, ()))
    except ValueError as error:
        raise UnsoundUbj(f"{name} are no numbers") from error
    if found.size and found.dtype.kind not in "iub":
        raise UnsoundUbj(f"{name} are no whole numbers")
    if found.ndim != 1 or (count is not None and len(found) != count):
        raise UnsoundUbj(f"{name} are not {count}")
    return found.astype(np.int64)
