"""Rosenbrock's banana valley."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from gdrun.component import Ge
from gdrun.objectives.objective import Array, Dimension, Objective


@dataclass(frozen=True)
class Rosenbrock(Objective):
    """A long curved valley: its floor is found at once, its end only after a long way.

    Formula:
        f(x) = Σᵢ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²

    Options:
        dimension: how many variables, at least two.

    Variant:
        Usually looked at from −2 to 2. Minimum 0 at (1, …, 1). Started at (−1.2, 1), as by Rosenbrock, with
        further variables in turn. From four variables on there is a second, local minimum near (−1, 1, …).

    Reference:
        Rosenbrock, "An automatic method for finding the greatest or least value of a function", The Computer
        Journal 3, 1960.
    """

    dimension: Annotated[Dimension, Ge(2)] = 2
    minimum: ClassVar[float] = 0.0

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, following = points[:, :-1], points[:, 1:]
        off = following - x * x
        short = 1 - x
        gradient[:, -1] = 0
        gradient[:, :-1] = -400 * x * off - 2 * short
        gradient[:, 1:] += 200 * off
        terms = 100 * (off * off) + short * short
        value: Array = terms[:, 0] if self.dimension == 2 else terms.sum(axis=-1)
        return value

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        return [(1.0,) * self.dimension]

    @property
    def usual_start(self) -> Sequence[float]:
        return tuple(-1.2 if place % 2 == 0 else 1.0 for place in range(self.dimension))
