"""The least squares fit of predictions on features, taken out of them.

Three ways to the same numbers, the quickest that is safe for the era at hand:
1. Gram matrix and Cholesky, with iterative refinement; for features that are small integers (or
   quarters) the Gram matrix is exact in float32, at twice the speed of float64.
2. Pivoted Cholesky, where such features are constant, doubled or linearly dependent.
3. Least squares by singular values, as numerai-tools does it, for everything else.

What a hosted model does is pickled out of this module, so that nothing here names what cannot be
pickled, such as a routine of LAPACK by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas, lapack

from numeri_cli.scoring.ranks import FloatArray, NumberArray

RCOND = 1e-6  # singular values below this share of the largest are taken for zero
_SAFE_GRAM_RCOND = 1e-11  # ten times RCOND², so that least squares would keep every direction
_EXACT_SUM = 2**24  # integers up to here are exact in float32
_ROWS_PER_BLOCK = 256
_INDEPENDENT = 1e-11  # of the largest diagonal; an integer column is never that close to others
_REFINED = 1e-6  # a correction of this relative size leaves an error of its square


@dataclass(frozen=True)
class _Design:
    """The features and a last column of ones; `exact` where sums of products are, in float32."""

    matrix: NumberArray  # (n, f + 1), float32 where exact, else float64, C order
    exact: bool

    def gram(self) -> FloatArray:
        """(f + 1, f + 1) in Fortran order; only the lower triangle is meant."""
        routine = blas.ssyrk if self.exact else blas.dsyrk
        lower = routine(1.0, self.matrix.T, lower=1)
        return np.asarray(lower, dtype=np.float64, order="F")

    def project(self, columns: FloatArray) -> FloatArray:
        """Designᵀ · columns, in float64."""
        product = np.zeros((self.matrix.shape[1], columns.shape[1]))
        for start in range(0, len(columns), _ROWS_PER_BLOCK):
            block = self.matrix[start : start + _ROWS_PER_BLOCK].astype(np.float64, copy=False)
            product += block.T @ columns[start : start + _ROWS_PER_BLOCK]
        return product

    def subtract_fit(
        self, residual: FloatArray, weights: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Take design · weights off the residual, in place.

        returns: designᵀ · the new residual, and the largest change in each column
        """
        product = np.zeros((self.matrix.shape[1], residual.shape[1]))
        change = np.zeros(residual.shape[1])
        for start in range(0, len(residual), _ROWS_PER_BLOCK):
            rows = slice(start, start + _ROWS_PER_BLOCK)
            block = self.matrix[rows].astype(np.float64, copy=False)
            fit = block @ weights
            residual[rows] -= fit
            product += block.T @ residual[rows]
            np.maximum(change, np.abs(fit).max(axis=0), out=change)
        return product, change


def _design(features: NumberArray) -> _Design:
    count, width = features.shape
    exact = _exact_in_float32(features)
    matrix = np.empty((count, width + 1), dtype=np.float32 if exact else np.float64)
    matrix[:, :width] = features
    matrix[:, width] = 1
    return _Design(matrix, exact)


def _exact_in_float32(features: NumberArray) -> bool:
    """Whether all are integers or quarters, small enough for sums of products to be exact."""
    whole = features.dtype.kind in "iub"
    most = np.sqrt(_EXACT_SUM / max(len(features), 1))  # of the integers, or of the quarters
    for start in range(0, len(features), _ROWS_PER_BLOCK):
        block = features[start : start + _ROWS_PER_BLOCK]
        if not whole:
            block = block * 4
            if not (block == np.rint(block)).all():
                return False
        if block.size and max(-float(block.min()), float(block.max())) >= most:
            return False
    return bool(most > 4)


def residual_of(columns: FloatArray, features: NumberArray) -> FloatArray:
    """The columns without their least squares fit on the features and a constant.

    columns: (n_ids, n_columns), no NaN, C order
    features: (n_ids, n_features), integers or floats, finite
    returns: the columns' shape
    """
    design = _design(features)
    gram = design.gram()
    residual = None
    if len(gram) <= len(columns):
        residual = _by_cholesky(columns, design, gram=gram)
    if residual is None and design.exact:
        residual = _by_pivoted_cholesky(columns, design, gram=gram)
    return _by_singular_values(columns, design) if residual is None else residual


def _by_cholesky(columns: FloatArray, design: _Design, *, gram: FloatArray) -> FloatArray | None:
    """None where the features are, or nearly are, linearly dependent."""
    factor, failed = lapack.dpotrf(gram, lower=1, clean=0)
    if failed or lapack.dpocon(factor, _one_norm(gram), uplo="L")[0] < _SAFE_GRAM_RCOND:
        return None
    residual = columns.copy()
    scale = np.abs(columns).max(axis=0)
    product = design.project(columns)
    for attempt in range(6):
        weights, _ = lapack.dpotrs(factor, product, lower=1)
        product, change = design.subtract_fit(residual, weights)
        if attempt and (change <= _REFINED * scale).all():
            return residual
    return None


def _by_pivoted_cholesky(
    columns: FloatArray, design: _Design, *, gram: FloatArray
) -> FloatArray | None:
    """By Cholesky, over a largest independent set of columns; None where that is a close call."""
    tolerance = float(gram.diagonal().max()) * _INDEPENDENT
    _, pivots, rank, _ = lapack.dpstrf(gram, tol=tolerance, lower=1)
    chosen = np.sort(pivots[:rank] - 1)
    smaller = _Design(np.ascontiguousarray(design.matrix[:, chosen]), exact=True)
    return _by_cholesky(columns, smaller, gram=np.asfortranarray(gram[np.ix_(chosen, chosen)]))


def _by_singular_values(columns: FloatArray, design: _Design) -> FloatArray:
    matrix = design.matrix.astype(np.float64, copy=False)
    weights = np.linalg.lstsq(matrix, columns, rcond=RCOND)[0]
    return np.asarray(columns - matrix @ weights, dtype=np.float64)


def _one_norm(lower: FloatArray) -> float:
    """Largest absolute column sum of a symmetric matrix given by its lower triangle."""
    sums = -np.abs(lower.diagonal())
    for start in range(0, len(lower), _ROWS_PER_BLOCK):
        block = np.abs(lower[:, start : start + _ROWS_PER_BLOCK])
        sums[start : start + _ROWS_PER_BLOCK] += block.sum(axis=0)
        sums += block.sum(axis=1)
    return float(sums.max())
