"""The smallest circle around points: a convex function with kinks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gdrun.objectives.objective import Array, Float64, Objective


@dataclass(frozen=True)
class SmallestCircle(Objective):
    """The radius of the smallest circle (or ball) around points, as a function of its centre.

    Formula:
        f(x) = maxₖ ‖x − pₖ‖; a subgradient is (x − pₖ)/‖x − pₖ‖ for the farthest point pₖ

    Options:
        points: each a list of as many numbers as there are dimensions.

    Variant:
        Where several points are the farthest the first of them counts; on the farthest point itself the
        subgradient is 0. A constant rate never settles, since the subgradient has length 1 everywhere: let it
        decay. Welzl's algorithm has the exact answer. Begun at the mean of the points.

    Reference:
        Welzl, "Smallest enclosing disks (balls and ellipsoids)", LNCS 555, 1991; Shor, "Minimization Methods
        for Non-Differentiable Functions", Springer, 1985.
    """

    points: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        given = tuple(tuple(map(float, point)) for point in self.points)
        if not given or not given[0] or any(len(point) != len(given[0]) for point in given):
            raise ValueError("SmallestCircle: points must be one or more, all with as many numbers")
        object.__setattr__(self, "points", given)
        object.__setattr__(self, "dimension", len(given[0]))

    @cached_property
    def array(self) -> Float64:
        """The points, (points, dimension)."""
        return np.array(self.points)

    def memory(self, runs: int) -> int:
        return 8 * len(self.points) * (2 * len(self.points[0]) * (runs + 1) + runs)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        apart = points[:, None, :] - self.array.astype(points.dtype)
        squares = (apart * apart).sum(axis=-1)
        farthest = squares.argmax(axis=-1)
        runs = np.arange(len(points))
        radius: Array = np.sqrt(squares[runs, farthest])
        gradient[...] = apart[runs, farthest] / np.where(radius > 0, radius, 1)[:, None]
        return radius

    @property
    def domain(self) -> Float64:
        low, high = self.array.min(axis=0), self.array.max(axis=0)
        margin = max(0.1 * float((high - low).max()), 1e-3)
        return np.stack([low - margin, high + margin], axis=1)

    @property
    def usual_start(self) -> Sequence[float]:
        return tuple(self.array.mean(axis=0).tolist())
