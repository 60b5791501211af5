"""The interface of an objective: a value and its exact gradient, at the points of many runs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component, Ge, Le

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Dimension = Annotated[int, Ge(1), Le(100_000)]  # each variable has a name and a column


class Objective(Component):
    """The base of every objective. A subclass is a frozen dataclass whose fields are its options.

    The value at a point depends on nothing but that point: the bits are the same alone and beside others.

    Attributes:
        dimension: how many variables it has; an option where that is free.
        minimum: the least value, or None where it isn't known or there is none.
        ends: from where to where each variable is looked at by default.
    """

    dimension: Any = 2
    minimum: ClassVar[Any] = None
    ends: ClassVar[tuple[float, float]] = (-2.0, 2.0)

    @property
    def variables(self) -> tuple[str, ...]:
        """What the variables are called."""
        return tuple(f"x{place}" for place in range(int(self.dimension)))

    def evaluate(self, points: Array, gradient: Array) -> Array:
        """The values at some points; the gradient there is written into `gradient`.

        Args:
            points: (runs, dimension).
            gradient: likewise.

        Returns:
            (runs,)
        """
        raise NotImplementedError

    def second_derivative(self, points: Array) -> Array | None:
        """That at points of one variable, (runs,) → (runs,); None where there is no formula for it."""
        return None

    @property
    def minima(self) -> Sequence[Sequence[float]]:
        """The points at which the minimum is taken, each (dimension,); none where they aren't known."""
        return ()

    @property
    def domain(self) -> Float64:
        """(dimension, 2): from where to where each variable is usually looked at."""
        return np.tile(np.array(self.ends), (len(self.variables), 1))

    @property
    def usual_start(self) -> Sequence[float]:
        """Where to begin unless told otherwise, (dimension,)."""
        low, high = self.domain.T
        return tuple((low + 0.2 * (high - low)).tolist())

    def values(self, points: Array) -> Array:
        """The values alone, (runs,)."""
        return self.evaluate(points, np.empty_like(points))

    def memory(self, runs: int) -> int:
        """Bytes that evaluating so many runs takes, beside points and gradients: at most, about."""
        return 0


def columns(points: Array) -> Array:
    """The variables one by one, (dimension, runs), each in one piece of memory.

    Vectorised functions may take another way through values that lie apart, and another way could end in
    other last bits.
    """
    return np.ascontiguousarray(points.T)
