"""Functions with cosines in them: minima in rows, most of them traps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.objectives.objective import Array, Dimension, Float64, Objective, columns


@dataclass(frozen=True)
class Branin(Objective):
    """Three minima, all of them as low, in a valley that winds.

    Formula:
        f(x) = (x₁ − 5.1/(4π²)·x₀² + 5/π·x₀ − 6)² + 10(1 − 1/(8π))cos x₀ + 10

    Variant:
        Usually looked at for x₀ from −5 to 10 and x₁ from 0 to 15. Minimum 10/(8π) = 0.397887 at
        (−π, 12.275), (π, 2.275) and (3π, 2.475).

    Reference:
        Branin, "Widely convergent method for finding multiple solutions of simultaneous nonlinear equations",
        IBM Journal of Research and Development 16, 1972.
    """

    minimum: ClassVar[float] = 10 / (8 * math.pi)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        bend, slope, height = 5.1 / (4 * math.pi**2), 5 / math.pi, 10 * (1 - 1 / (8 * math.pi))
        off = y - bend * x * x + slope * x - 6
        gradient[:, 0] = 2 * off * (slope - 2 * bend * x) - height * np.sin(x)
        gradient[:, 1] = 2 * off
        value: Array = off * off + height * np.cos(x) + 10
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(-math.pi, 12.275), (math.pi, 2.275), (3 * math.pi, 2.475)]

    @property
    def domain(self) -> Float64:
        return np.array([[-5.0, 10.0], [0.0, 15.0]])


@dataclass(frozen=True)
class Rastrigin(Objective):
    """A bowl full of waves: a minimum near every point of whole numbers, and only the middle one is right.

    Formula:
        f(x) = 10n + Σᵢ xᵢ² − 10 cos 2πxᵢ, n variables

    Options:
        dimension: how many variables.

    Variant:
        Usually looked at from −5.12 to 5.12. Minimum 0 at the origin.

    Reference:
        Rastrigin, "Systems of Extremal Control", Nauka, 1974; in this form: Mühlenbein, Schomisch & Born,
        "The parallel genetic algorithm as function optimizer", Parallel Computing 17, 1991.
    """

    dimension: Dimension = 2
    minimum: ClassVar[float] = 0.0
    ends: ClassVar[tuple[float, float]] = (-5.12, 5.12)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        turned = np.ascontiguousarray(2 * math.pi * points)
        np.add(2 * points, 20 * math.pi * np.sin(turned), out=gradient)
        value: Array = (points * points - 10 * np.cos(turned) + 10).sum(axis=-1)
        return value

    def second_derivative(self, points: Array) -> Array | None:
        return np.asarray(2 + 40 * math.pi**2 * np.cos(2 * math.pi * points))

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(0.0,) * self.dimension]


@dataclass(frozen=True)
class Ackley(Objective):
    """A nearly flat plain with many dents and one deep hole in the middle, which has a pointed bottom.

    Formula:
        f(x) = −20 exp(−0.2 √(Σᵢ xᵢ²/n)) − exp(Σᵢ cos(2πxᵢ)/n) + 20 + e, n variables

    Options:
        dimension: how many variables.

    Variant:
        Usually looked at from −5 to 5. Minimum 0 at the origin, where there is no gradient: it is taken for 0
        there.

    Reference:
        Ackley, "A Connectionist Machine for Genetic Hillclimbing", Kluwer, 1987.
    """

    dimension: Dimension = 2
    minimum: ClassVar[float] = 0.0
    ends: ClassVar[tuple[float, float]] = (-5.0, 5.0)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        n = self.dimension
        turned = np.ascontiguousarray(2 * math.pi * points)
        distance = np.sqrt((points * points).sum(axis=-1) / n)
        hole = 20 * np.exp(-0.2 * distance)
        dents = np.exp(np.cos(turned).sum(axis=-1) / n)
        steep = 0.2 * hole / (n * np.where(distance > 0, distance, 1))
        gradient[...] = steep[:, None] * points + (2 * math.pi / n * dents)[:, None] * np.sin(turned)
        value: Array = (20 - hole) + (math.e - dents)
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(0.0,) * self.dimension]


@dataclass(frozen=True)
class Griewank(Objective):
    """A wide bowl with shallow waves, which matter less the more variables there are.

    Formula:
        f(x) = 1 + Σᵢ xᵢ²/4000 − Πᵢ cos(xᵢ/√(i + 1)), i from 0

    Options:
        dimension: how many variables.

    Variant:
        Usually looked at from −10 to 10 here, where the waves can be seen; as a test from −600 to 600.
        Minimum 0 at the origin.

    Reference:
        Griewank, "Generalized descent for global optimization", Journal of Optimization Theory and
        Applications 34, 1981.
    """

    dimension: Dimension = 2
    minimum: ClassVar[float] = 0.0
    ends: ClassVar[tuple[float, float]] = (-10.0, 10.0)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        roots = np.sqrt(np.arange(1.0, self.dimension + 1)).astype(points.dtype)
        turned = np.ascontiguousarray(points / roots)
        cosines = np.cos(turned)
        before, after = np.ones_like(cosines), np.ones_like(cosines)  # the products of the others
        for place in range(1, self.dimension):
            before[:, place] = before[:, place - 1] * cosines[:, place - 1]
            after[:, -place - 1] = after[:, -place] * cosines[:, -place]
        gradient[...] = points / 2000 + np.sin(turned) / roots * (before * after)
        value: Array = 1 + (points * points).sum(axis=-1) / 4000 - before[:, -1] * cosines[:, -1]
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(0.0,) * self.dimension]
