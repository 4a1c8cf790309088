"""Linear algebra for small dense matrices, as lists of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

Vector = list[float]
Matrix = list[Vector]


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    total: float = sum(map(mul, one, other))
    return total


def transpose(matrix: Sequence[Sequence[float]]) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


def gram(columns: Sequence[Sequence[float]]) -> Matrix:
    """Return the lower triangle of X'X, from the columns of X."""
    return [[dot(column, earlier) for earlier in columns[: i + 1]] for i, column in enumerate(columns)]


def multiply_symmetric(lower: Matrix, vector: Sequence[float]) -> Vector:
    """Return Ax, from the lower triangle of a symmetric A."""
    product = [dot(row, vector) for row in lower]
    for row, x in zip(lower, vector, strict=True):
        for i, value in enumerate(row[:-1]):
            product[i] += value * x
    return product


def cholesky(lower: Matrix) -> Matrix:
    """Return L with LL' = A from the lower triangle of a positive definite A (Golub and Van Loan, 4.2)."""
    factor: Matrix = []
    for i, row in enumerate(lower):
        done: Vector = []
        for j, above in enumerate(factor):
            # `map` ends with the shorter of the two: left of that row's diagonal.
            done.append((row[j] - sum(map(mul, done, above))) / above[-1])
        done.append(math.sqrt(row[i] - dot(done, done)))
        factor.append(done)
    return factor


def solve_lower(factor: Matrix, right: Sequence[float]) -> Vector:
    """Return x with Lx = b."""
    x: Vector = []
    for row, b in zip(factor, right, strict=True):
        x.append((b - sum(map(mul, row, x))) / row[-1])
    return x


def upper_factor(factor: Matrix) -> Matrix:
    """Return L' as rows from the diagonal on, for `solve_upper`: row i holds its entries i, i + 1, … ."""
    size = len(factor)
    return [[factor[k][i] for k in range(i, size)] for i in range(size)]


def solve_upper(upper: Matrix, right: Sequence[float]) -> Vector:
    """Return x with L'x = b, where `upper` is `upper_factor(L)`."""
    size = len(upper)
    x = [0.0] * size
    for i in range(size - 1, -1, -1):
        row = upper[i]
        x[i] = (right[i] - sum(map(mul, row[1:], x[i + 1 :]))) / row[0]
    return x
