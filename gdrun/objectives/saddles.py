"""Saddles: the gradient vanishes where there is no minimum, and descent lingers there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gdrun.objectives.objective import Array, Objective, columns


@dataclass(frozen=True)
class Saddle(Objective):
    """The plainest saddle: up along one axis, down along the other.

    Formula:
        f(x) = x₀² − x₁²

    Variant:
        Usually looked at from −2 to 2. No minimum: the value falls without end along x₁. Begun at (1, 0.001),
        descent goes to the saddle first and leaves it late.

    Reference:
        Dauphin et al., "Identifying and attacking the saddle point problem in high-dimensional non-convex
        optimization", NeurIPS 2014.
    """

    ends: ClassVar[tuple[float, float]] = (-2.0, 2.0)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        gradient[:, 0] = 2 * x
        gradient[:, 1] = -2 * y
        value: Array = x * x - y * y
        return value

    @property
    def usual_start(self) -> Sequence[float]:
        return (1.0, 0.001)


@dataclass(frozen=True)
class MonkeySaddle(Objective):
    """A saddle with three ways down, the third for the tail; at the origin all second derivatives vanish.

    Formula:
        f(x) = x₀³ − 3x₀x₁²

    Variant:
        Usually looked at from −2 to 2. No minimum: the value falls without end in three directions.

    Reference:
        Hilbert & Cohn-Vossen, "Anschauliche Geometrie", Springer, 1932.
    """

    def evaluate(self, points: Array, gradient: Array) -> Array:
        x, y = columns(points)
        gradient[:, 0] = 3 * (x * x - y * y)
        gradient[:, 1] = -6 * x * y
        value: Array = x * (x * x - 3 * y * y)
        return value

    @property
    def usual_start(self) -> Sequence[float]:
        return (1.0, 0.001)
