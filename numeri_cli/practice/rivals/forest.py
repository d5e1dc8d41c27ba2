"""Boosted trees over features of 0 to 4: LightGBM's own sums, for all trees of a model at once.

The leaves of a tree are bits, from the left. A row's value of a feature strikes out the leaves
that every test of this feature sends it past; the lowest bit that is left is the row's leaf. What
a value strikes out in a tree is a table of five numbers, so a model is a few hundred look-ups for
thousands of rows. That gives LightGBM's sums to the last bit, and needs no LightGBM.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.market.features import (
    BINS,
    FeatureArray,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BitArray = npt.NDArray[Any]  # uint32 or uint64
ROWS_PER_BLOCK = 2048  # what all trees of a model strike out in so many rows stays in the cache


@dataclass(frozen=True)
class Width:
    """Whole numbers of so many bits, and how the place of their lowest bit is found.

    source: de Bruijn sequences, Leiserson, Prokop and Randall 1998
    """

    bits: int
    dtype: type[np.unsignedinteger[Any]]
    sequence: int

    def slots(self, bits: BitArray) -> BitArray:
        """A number from 0 to bits - 1 for each lowest bit, all different; changes `bits`."""
        kind = self.dtype
        bits &= np.negative(bits)
        bits *= kind(self.sequence)
        bits >>= kind(self.bits - self.bits.bit_length() + 1)
        return bits

    def order(self, count: int) -> IntArray:
        """(count,) the slot of each of the lowest places."""
        places = np.left_shift(self.dtype(1), np.arange(count, dtype=self.dtype))
        return self.slots(places).astype(np.int64)


WIDTHS = (Width(32, np.uint32, 0x077CB531), Width(64, np.uint64, 0x03F79D71B4CB0A89))
MOST_LEAVES = WIDTHS[-1].bits


@dataclass(frozen=True)
class FeatureTests:
    """All tests of one feature: which of the trees have some, and what a value strikes out there.

    trees: (tests,) indices; left: (tests, BINS) bits of the leaves that stay
    """

    feature: int
    trees: IntArray
    left: BitArray


@dataclass(frozen=True)
class Forest:
    """The trees of a LightGBM model of numerical features from 0 to 4 without missing values.

    values: (trees, bits) what a leaf adds, by its slot
    """

    width: Width
    tests: tuple[FeatureTests, ...]
    values: FloatArray

    @classmethod
    def parse(cls, text: str) -> Forest:
        """Read LightGBM's model text, version 4; raises ValueError where it is not such."""
        head, *blocks = text.split("\nend of trees", maxsplit=1)[0].split("\nTree=")
        if not head.startswith("tree\nversion=v4"):
            raise ValueError("not a LightGBM model of version 4")
        trees = [_Tree.parse(block) for block in blocks]
        most = max((len(tree.values) for tree in trees), default=1)
        if most > MOST_LEAVES:
            raise ValueError(f"a tree with more than {MOST_LEAVES} leaves")
        width = next(one for one in WIDTHS if one.bits >= most)
        values = np.zeros((len(trees), width.bits))
        struck: dict[int, dict[int, list[int]]] = defaultdict(dict)
        for number, tree in enumerate(trees):
            leaves = tree.leaves(0) if tree.features else [0]
            values[number, width.order(len(leaves))] = tree.values[leaves]
            tree.strike_out(struck, number, leaves)
        full = 2**width.bits - 1
        tests = (
            FeatureTests(
                feature,
                np.fromiter(found, dtype=np.int64),
                np.array([[full & ~bits for bits in row] for row in found.values()], width.dtype),
            )
            for feature, found in sorted(struck.items())
        )
        return cls(width, tuple(tests), values)

    def sums(self, features: FeatureArray) -> FloatArray:
        """(rows,) sums of leaves, tree after tree. features: (features, rows) in 0 to 4"""
        rows = features.shape[1]
        blocks = range(0, rows, ROWS_PER_BLOCK)
        parts = [self._sums(features[:, start : start + ROWS_PER_BLOCK]) for start in blocks]
        return np.concatenate(parts) if parts else np.zeros(rows)

    def _sums(self, features: FeatureArray) -> FloatArray:
        rows = features.shape[1]
        bits = np.full((len(self.values), rows), 2**self.width.bits - 1, dtype=self.width.dtype)
        for test in self.tests:
            bits[test.trees] &= np.take(test.left, features[test.feature], axis=1, mode="clip")
        total = np.zeros(rows)
        for values, slots in zip(self.values, self.width.slots(bits), strict=True):
            total += np.take(values, slots.astype(np.intp), mode="clip")
        return total


@dataclass(frozen=True)
class _Tree:
    """One tree of the text; a child below 0 is the leaf ~child.

    features: columns; thresholds: whole numbers that go left together with all below
    """

    features: tuple[int, ...]
    thresholds: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: FloatArray

    @classmethod
    def parse(cls, block: str) -> _Tree:
        """Lines of `name=value value …`."""
        lines = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if int(lines["num_cat"]):
            raise ValueError("a tree with categories")
        values = np.array(lines["leaf_value"].split(), dtype=np.float64)

        def whole(name: str) -> tuple[int, ...]:
            return tuple(math.floor(float(word)) for word in lines.get(name, "").split())

        if len(values) == 1:
            return cls((), (), (), (), values)
        return cls(
            whole("split_feature"),
            whole("threshold"),
            whole("left_child"),
            whole("right_child"),
            values,
        )

    def leaves(self, node: int) -> list[int]:
        """The leaves below a node, from the left."""
        if node < 0:
            return [~node]
        return self.leaves(self.left[node]) + self.leaves(self.right[node])

    def strike_out(
        self, struck: dict[int, dict[int, list[int]]], number: int, leaves: list[int]
    ) -> None:
        """Add what this tree's tests strike out to {feature: {tree: bits by value}}."""
        place = {leaf: at for at, leaf in enumerate(leaves)}
        for node, (feature, threshold) in enumerate(
            zip(self.features, self.thresholds, strict=True)
        ):
            passed = sum(1 << place[leaf] for leaf in self.leaves(self.left[node]))
            row = struck[feature].setdefault(number, [0] * BINS)
            for value in range(max(threshold + 1, 0), BINS):
                row[value] |= passed
