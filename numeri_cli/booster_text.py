"""Whether a LightGBM model's text is sound, before the library reads it.

The library believes every count, size and index of such a text: one wrong digit ends the process
or goes round for ever. Members of a model and the models of the practice tournament come through
here.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

FIRST_TREE = "Tree=0\n"
END_OF_TREES = "end of trees"
MOST_TREES = 1_000_000
MOST_LEAVES = 131_072  # what the library itself allows
_TREE = re.compile(r"^Tree=(\d{1,7})\n", re.MULTILINE)
_NUMBER = r"-?(?:[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?|inf)"
_INTEGER = r"-?[0-9]{1,9}"
_NUMBERS = re.compile(rf"{_NUMBER}(?: {_NUMBER})*|")
_INTEGERS = re.compile(rf"{_INTEGER}(?: {_INTEGER})*|")
_INFO = re.compile(r"none|\[[^\[\]\s:]+:[^\[\]\s:]+\]|-?[0-9]+(:-?[0-9]+)*")
_OF_HEADERS = frozenset(
    {"version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx"}
    | {"objective", "feature_names", "monotone_constraints", "feature_infos", "tree_sizes"}
)
_OF_TREES = frozenset(
    {"num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type"}
    | {"left_child", "right_child", "leaf_value", "leaf_weight", "leaf_count", "internal_value"}
    | {"internal_weight", "internal_count", "is_linear", "shrinkage", "cat_boundaries"}
    | {"cat_threshold", "leaf_const", "num_features", "leaf_features", "leaf_coeff"}
)
_CATEGORICAL, _KNOWN_DECISIONS = 1, 15
Numbers = npt.NDArray[np.float64]


class Unsound(Exception):
    """Something in a model's text contradicts the rest; the message says what."""


def trees_alone(text: str) -> str:
    """A model's text up to the end of its trees, which is all that predictions need.

    Behind it stand parameters of the training, in which a wrong letter ends the process.
    """
    return text.partition(END_OF_TREES)[0] + f"{END_OF_TREES}\n"


def check_structure(text: str) -> None:
    """Raises Unsound: sizes that are not the trees', indices out of range, children in a circle."""
    if FIRST_TREE not in text or END_OF_TREES not in text or "\0" in text:
        raise Unsound("it has no trees, or no end of them")
    start, end = text.index(FIRST_TREE), text.index(END_OF_TREES)
    if end < start or not re.fullmatch(r"tree\n(?:[^\n]+\n)+\n", text[:start]):
        raise Unsound("it does not begin as a model does")
    trees = _Section(text[start:end]).trees()
    features = _checked_header(_fields(text[:start]), [len(tree.encode()) for tree in trees])
    for number, tree in enumerate(trees):
        first, _, body = tree.partition("\n")
        if first != f"Tree={number}":
            raise Unsound(f"{first[:20]} stands where Tree={number} belongs")
        try:
            _check_tree(_tree_fields(body), features)
        except Unsound as error:
            raise Unsound(f"tree {number}: {error}") from error


class _Section:
    """The part of a text that holds the trees."""

    def __init__(self, text: str) -> None:
        self._text = text

    def trees(self) -> list[str]:
        """Each tree with its first line."""
        starts = [found.start() for found in _TREE.finditer(self._text)]
        if not starts or len(starts) > MOST_TREES:
            raise Unsound(f"it has {len(starts)} trees")
        ends = [*starts[1:], len(self._text)]
        return [self._text[start:end] for start, end in zip(starts, ends, strict=True)]


def _checked_header(header: dict[str, str], sizes: list[int]) -> int:
    """The number of features."""
    if not header.keys() <= _OF_HEADERS:
        raise Unsound("a name that no model has")
    for name in ("num_class", "num_tree_per_iteration"):
        if header.get(name) != "1":
            raise Unsound(f"{name} is not 1")
    if not header.get("version", "").startswith("v") or header.get("label_index") != "0":
        raise Unsound("its version or label_index is missing")
    features = _whole(header, "max_feature_idx") + 1
    for name in ("feature_names", "feature_infos"):
        if name not in header or len(header[name].split(" ")) != features:
            raise Unsound(f"{name} are not {features}")
    if not all(map(_INFO.fullmatch, header["feature_infos"].split(" "))):
        raise Unsound("feature_infos are not those of a model")
    if header.get("tree_sizes", "") != " ".join(map(str, sizes)):
        raise Unsound("tree_sizes are not those of the trees")
    return features


def _check_tree(tree: dict[str, str], features: int) -> None:
    leaves = _whole(tree, "num_leaves")
    if not 1 <= leaves <= MOST_LEAVES:
        raise Unsound(f"{leaves:,} leaves")
    nodes = leaves - 1
    _words(tree, "leaf_value", leaves)
    _words(tree, "shrinkage", 1)
    if nodes:
        _words(tree, "leaf_weight", leaves)
        _words(tree, "leaf_count", leaves, whole=True)
        for name in ("internal_value", "internal_weight", "split_gain"):
            _words(tree, name, nodes)
        _words(tree, "internal_count", nodes, whole=True)
        _check_splits(tree, nodes, features)
    if tree.get("is_linear") not in ("0", "1"):
        raise Unsound("is_linear is neither 0 nor 1")
    if tree["is_linear"] == "1":
        _check_linear(tree, leaves, features)


def _check_splits(tree: dict[str, str], nodes: int, features: int) -> None:
    split = _indices(tree, "split_feature", nodes)
    if split.min() < 0 or split.max() >= features:
        raise Unsound("a split by a feature that is not there")
    threshold = _numbers(tree, "threshold", nodes)
    decisions = _indices(tree, "decision_type", nodes)
    if decisions.min() < 0 or decisions.max() > _KNOWN_DECISIONS:
        raise Unsound("an unknown kind of decision")
    left, right = (_indices(tree, f"{side}_child", nodes) for side in ("left", "right"))
    children = np.concatenate([left, right])
    # each node but the root, and each leaf, has one parent, which stands before it
    expected = np.concatenate([np.arange(-nodes - 1, 0), np.arange(1, nodes)])
    if not np.array_equal(np.sort(children), expected):
        raise Unsound("a child that is none, or that has two parents")
    parents = np.tile(np.arange(nodes), 2)
    if np.any((children >= 0) & (children <= parents)):
        raise Unsound("children in a circle")
    categories = _whole(tree, "num_cat")
    categorical = (decisions & _CATEGORICAL).astype(bool)
    if categories:
        _check_categories(tree, categories, threshold[categorical])
    elif categorical.any():
        raise Unsound("a decision by categories, of which there are none")


def _check_categories(tree: dict[str, str], categories: int, threshold: Numbers) -> None:
    if categories > MOST_LEAVES:
        raise Unsound(f"{categories:,} categories")
    bounds = _indices(tree, "cat_boundaries", categories + 1)
    _words(tree, "cat_threshold", int(bounds[-1]))
    if bounds[0] != 0 or np.any(np.diff(bounds) < 0):
        raise Unsound("categories that overlap")
    if np.any((threshold < 0) | (threshold >= categories) | (threshold != np.floor(threshold))):
        raise Unsound("a category that is not there")


def _check_linear(tree: dict[str, str], leaves: int, features: int) -> None:
    _words(tree, "leaf_const", leaves)
    counts = _indices(tree, "num_features", leaves)
    if counts.min() < 0 or counts.max() > features:
        raise Unsound("a leaf of more features than there are")
    total = int(counts.sum())
    chosen = _indices(tree, "leaf_features", total)
    _words(tree, "leaf_coeff", total)
    if total and (chosen.min() < 0 or chosen.max() >= features):
        raise Unsound("a leaf of a feature that is not there")


def _fields(text: str) -> dict[str, str]:
    """Lines `name=value`; what is no such line, as `tree`, is left out."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        if equals and name in found:
            raise Unsound(f"{name[:30]} twice")
        if equals:
            found[name] = value
    return found


def _tree_fields(body: str) -> dict[str, str]:
    """The lines of one tree: known names, and nothing but empty lines behind them."""
    fields = _fields(body)
    if "\n\n" in body.rstrip("\n") or len(fields) != len(body.rstrip("\n").split("\n")):
        raise Unsound("a line that is none of a tree's")
    if not fields.keys() <= _OF_TREES:
        raise Unsound("a name that no tree has")
    return fields


def _whole(fields: dict[str, str], name: str) -> int:
    value = fields.get(name, "")
    if not re.fullmatch(r"[0-9]{1,7}", value):
        raise Unsound(f"{name} is no number")
    return int(value)


def _words(fields: dict[str, str], name: str, count: int, *, whole: bool = False) -> list[str]:
    """The values of a line, of which there must be so many; looked at all at once, for speed."""
    # the library parts words at spaces alone, str.split() at much else
    words = [word for word in fields.get(name, "").split(" ") if word]
    if len(words) != count:
        raise Unsound(f"{name} has {len(words):,} values instead of {count:,}")
    if not (_INTEGERS if whole else _NUMBERS).fullmatch(" ".join(words)):
        raise Unsound(f"{name} has a value that is no {'whole ' if whole else ''}number")
    return words


def _numbers(fields: dict[str, str], name: str, count: int) -> Numbers:
    return np.array([float(word) for word in _words(fields, name, count)], dtype=np.float64)


def _indices(fields: dict[str, str], name: str, count: int) -> npt.NDArray[np.int64]:
    words = _words(fields, name, count, whole=True)
    return np.array([int(word) for word in words], dtype=np.int64)
