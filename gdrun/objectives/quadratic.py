"""Quadratic functions: where everything about gradient descent can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from gdrun.component import Ge
from gdrun.objectives.objective import Array, Dimension, Float64, Objective

_CONDITION, _DIMENSION = 10.0, 2  # where nothing is said
_MATRICES = 4  # of the size of A, while it is made or solved with


@dataclass(frozen=True)
class Quadratic(Objective):
    """A quadratic function: a bowl, a valley if it is ill-conditioned, or a saddle.

    Formula:
        f(x) = ½xᵀAx + bᵀx; ∇f = Ax + b

    Options:
        matrix: A, symmetric; null for one with the condition number.
        condition: of A, whose eigenvalues are then spaced evenly in the logarithm from 1 to this number;
            null for 10.
        angle: in degrees, by which the axes of that A are turned, in the plane of the first and the last.
        dimension: how many variables that A has; null for two.
        linear: b; null for zeros.

    Variant:
        Usually looked at from −2 to 2. The minimum is at −A⁻¹b where A is positive definite, else there is
        none. Descent with a constant rate converges for rates below 2/λ, λ the largest eigenvalue.

    Reference:
        Nocedal & Wright, "Numerical Optimization", Springer, 2006, chapter 3.
    """

    matrix: tuple[tuple[float, ...], ...] | None = None
    condition: Annotated[float, Ge(1)] | None = None
    angle: float = 0.0
    dimension: Dimension | None = None
    linear: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.matrix is not None:
            object.__setattr__(self, "matrix", tuple(tuple(map(float, row)) for row in self.matrix))
            self._check_matrix()
        if self.linear is not None:
            object.__setattr__(self, "linear", tuple(map(float, self.linear)))
        size = len(self.matrix) if self.matrix else self.dimension or _DIMENSION
        object.__setattr__(self, "dimension", size)
        if self.linear is not None and len(self.linear) != size:
            raise ValueError(f"Quadratic: linear must have {size} numbers, not {len(self.linear)}")

    def _check_matrix(self) -> None:
        rows = self.matrix or ()
        if not rows or any(len(row) != len(rows) for row in rows):
            raise ValueError(f"Quadratic: matrix must be square, not rows of {[len(row) for row in rows]}")
        if any(rows[i][j] != rows[j][i] for i in range(len(rows)) for j in range(i)):
            raise ValueError("Quadratic: matrix must be symmetric")
        if self.condition is not None or self.angle != 0:
            raise ValueError("Quadratic: give a matrix, or condition and angle, not both")
        if self.dimension not in (None, len(rows)):
            raise ValueError(f"Quadratic: dimension must be that of the matrix, {len(rows)}")

    @cached_property
    def a(self) -> Float64:
        """A, (dimension, dimension)."""
        if self.matrix is not None:
            return np.array(self.matrix)
        size = self.dimension or _DIMENSION
        condition = _CONDITION if self.condition is None else self.condition
        axes = np.eye(size)
        if size > 1 and self.angle != 0:
            cosine, sine = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
            axes[0, 0] = axes[-1, -1] = cosine
            axes[-1, 0], axes[0, -1] = sine, -sine
        turned = (axes * np.geomspace(1, condition, size)) @ axes.T
        return (turned + turned.T) / 2

    @cached_property
    def b(self) -> Float64:
        """b, (dimension,)."""
        return np.zeros(len(self.a)) if self.linear is None else np.array(self.linear)

    def memory(self, runs: int) -> int:
        size = int(self.dimension or _DIMENSION)
        return 8 * (_MATRICES * size * size + 4 * runs * size)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        half = np.zeros_like(points)
        for place, row in enumerate(self.a.astype(points.dtype, copy=False)):
            half += points[:, place, None] * row
        b = self.b.astype(points.dtype)
        gradient[...] = half + b
        value: Array = ((0.5 * half + b) * points).sum(axis=-1)
        return value

    def second_derivative(self, points: Array) -> Array | None:
        return np.full_like(points, self.a[0, 0])

    @cached_property
    def minima(self) -> Sequence[Sequence[float]]:
        if self.linear is None and self.matrix is None:  # definite, by its condition
            return [(0.0,) * len(self.a)]
        if np.linalg.eigvalsh(self.a).min() <= 0:
            return ()
        return [tuple(np.linalg.solve(self.a, -self.b).tolist())]

    @property
    def minimum(self) -> float | None:
        return 0.5 * float(self.b @ np.array(self.minima[0])) if self.minima else None


@dataclass(frozen=True)
class Sphere(Objective):
    """The roundest bowl: every step against the gradient goes straight to the minimum.

    Formula:
        f(x) = Σᵢ xᵢ²; ∇f = 2x

    Options:
        dimension: how many variables.

    Variant:
        Usually looked at from −2 to 2. Minimum 0 at the origin.

    Reference:
        De Jong, "An analysis of the behavior of a class of genetic adaptive systems", PhD thesis, University
        of Michigan, 1975.
    """

    dimension: Dimension = 2
    minimum: ClassVar[float] = 0.0

    def evaluate(self, points: Array, gradient: Array) -> Array:
        np.multiply(points, 2, out=gradient)
        value: Array = (points * points).sum(axis=-1)
        return value

    def second_derivative(self, points: Array) -> Array | None:
        return np.full_like(points, 2)

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(0.0,) * self.dimension]
