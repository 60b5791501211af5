"""Polynomials of two variables, and one of any number: several minima, flat stretches, steep walls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.objectives.objective import Array, Dimension, Float64, Objective, columns


@dataclass(frozen=True)
class Himmelblau(Objective):
    """Four minima, all of them as low: where descent ends depends on the start.

    Formula:
        f(x) = (x₀² + x₁ − 11)² + (x₀ + x₁² − 7)²

    Variant:
        Usually looked at from −5 to 5. Minimum 0 at (3, 2) and, rounded, (−2.805118, 3.131313),
        (−3.779310, −3.283186) and (3.584428, −1.848127); a local maximum near (−0.27, −0.92).

    Reference:
        Himmelblau, "Applied Nonlinear Programming", McGraw-Hill, 1972.
    """

    minimum: ClassVar[float] = 0.0
    ends: ClassVar[tuple[float, float]] = (-5.0, 5.0)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        first, second = x * x + y - 11, x + y * y - 7
        gradient[:, 0] = 4 * x * first + 2 * second
        gradient[:, 1] = 2 * first + 4 * y * second
        value: Array = first * first + second * second
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.7793102533777469, -3.2831859912861694),
            (3.5844283403304917, -1.8481265269644036),
        ]

    @property
    def usual_start(self) -> Sequence[float]:
        return (0.0, 0.0)


@dataclass(frozen=True)
class Beale(Objective):
    """A flat floor between steep walls: small gradients far from the minimum, huge ones at the corners.

    Formula:
        f(x) = (1.5 − x₀ + x₀x₁)² + (2.25 − x₀ + x₀x₁²)² + (2.625 − x₀ + x₀x₁³)²

    Variant:
        Usually looked at from −4.5 to 4.5. Minimum 0 at (3, 0.5).

    Reference:
        Beale, "On an iterative method for finding a local minimum of a function of more than one variable",
        Technical Report 25, Princeton University, 1958.
    """

    minimum: ClassVar[float] = 0.0
    ends: ClassVar[tuple[float, float]] = (-4.5, 4.5)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        square = y * y
        cube = square * y
        first, second, third = 1.5 - x + x * y, 2.25 - x + x * square, 2.625 - x + x * cube
        gradient[:, 0] = 2 * (first * (y - 1) + second * (square - 1) + third * (cube - 1))
        gradient[:, 1] = 2 * x * (first + 2 * y * second + 3 * square * third)
        value: Array = first * first + second * second + third * third
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(3.0, 0.5)]

    @property
    def usual_start(self) -> Sequence[float]:
        return (1.0, 1.0)


@dataclass(frozen=True)
class Booth(Objective):
    """A quadratic bowl with turned axes.

    Formula:
        f(x) = (x₀ + 2x₁ − 7)² + (2x₀ + x₁ − 5)²

    Variant:
        Usually looked at from −10 to 10. Minimum 0 at (1, 3); the condition number is 9.

    Reference:
        Jamil & Yang, "A literature survey of benchmark functions for global optimisation problems",
        International Journal of Mathematical Modelling and Numerical Optimisation 4, 2013.
    """

    minimum: ClassVar[float] = 0.0
    ends: ClassVar[tuple[float, float]] = (-10.0, 10.0)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        first, second = x + 2 * y - 7, 2 * x + y - 5
        gradient[:, 0] = 2 * first + 4 * second
        gradient[:, 1] = 4 * first + 2 * second
        value: Array = first * first + second * second
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(1.0, 3.0)]


@dataclass(frozen=True)
class ThreeHumpCamel(Objective):
    """Three valleys in a row, the middle one the deepest.

    Formula:
        f(x) = 2x₀² − 1.05x₀⁴ + x₀⁶/6 + x₀x₁ + x₁²

    Variant:
        Usually looked at from −5 to 5. Minimum 0 at the origin; local minima of 0.2986 at ±(1.748, −0.874).

    Reference:
        Branin, "Widely convergent method for finding multiple solutions of simultaneous nonlinear equations",
        IBM Journal of Research and Development 16, 1972.
    """

    minimum: ClassVar[float] = 0.0
    ends: ClassVar[tuple[float, float]] = (-5.0, 5.0)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        square = x * x
        fourth = square * square
        gradient[:, 0] = 4 * x - 4.2 * square * x + fourth * x + y
        gradient[:, 1] = x + 2 * y
        value: Array = 2 * square - 1.05 * fourth + fourth * square / 6 + x * y + y * y
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(0.0, 0.0)]


@dataclass(frozen=True)
class GoldsteinPrice(Objective):
    """Values over six powers of ten within a few units: no learning rate suits all places.

    Formula:
        f(x) = (1 + (x₀ + x₁ + 1)²(19 − 14x₀ + 3x₀² − 14x₁ + 6x₀x₁ + 3x₁²))
        · (30 + (2x₀ − 3x₁)²(18 − 32x₀ + 12x₀² + 48x₁ − 36x₀x₁ + 27x₁²))

    Variant:
        Usually looked at from −2 to 2. Minimum 3 at (0, −1), and several local minima.

    Reference:
        Goldstein & Price, "On descent from local minima", Mathematics of Computation 25, 1971.
    """

    minimum: ClassVar[float] = 3.0

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        s, t = x + y + 1, 2 * x - 3 * y
        p = 19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y
        q = 18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y
        first, second = 1 + s * s * p, 30 + t * t * q
        inner = 2 * s * p + s * s * (-14 + 6 * x + 6 * y)  # ∂first/∂x₀ = ∂first/∂x₁
        gradient[:, 0] = inner * second + first * (4 * t * q + t * t * (-32 + 24 * x - 36 * y))
        gradient[:, 1] = inner * second + first * (-6 * t * q + t * t * (48 - 36 * x + 54 * y))
        value: Array = first * second
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(0.0, -1.0)]


@dataclass(frozen=True)
class StyblinskiTang(Objective):
    """Two valleys along every axis, one deeper than the other: 2ⁿ minima, of which one is the best.

    Formula:
        f(x) = ½ Σᵢ xᵢ⁴ − 16xᵢ² + 5xᵢ

    Options:
        dimension: how many variables.

    Variant:
        Usually looked at from −5 to 5. Minimum −39.16617 for each variable, at −2.903534 in all of them.

    Reference:
        Styblinski & Tang, "Experiments in nonconvex optimization: stochastic approximation with function
        smoothing and simulated annealing", Neural Networks 3, 1990.
    """

    dimension: Dimension = 2
    ends: ClassVar[tuple[float, float]] = (-5.0, 5.0)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        square = points * points
        np.multiply(points, 2 * square - 16, out=gradient)
        gradient += 2.5
        value: Array = 0.5 * (square * square - 16 * square + 5 * points).sum(axis=-1)
        return value

    def second_derivative(self, points: Array) -> Array | None:
        return np.asarray(6 * points * points - 16)

    @property
    def minimum(self) -> float:
        return float(self.values(self._lowest)[0])

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [tuple(self._lowest[0].tolist())]

    @property
    def _lowest(self) -> Float64:
        return np.full((1, self.dimension), -2.9035340277711772)  # the least root of 4x³ − 32x + 5

    @property
    def usual_start(self) -> Sequence[float]:
        return (1.0,) * self.dimension
