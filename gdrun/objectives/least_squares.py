"""Linear regression as an objective: the coefficients are the variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gdrun.objectives.objective import Array, Float64, Objective


@dataclass(frozen=True)
class LeastSquares(Objective):
    """The mean squared error of a linear fit, as a function of its coefficients.

    Formula:
        f(b) = Σᵢ rᵢ²/n, rᵢ = b₀ + b₁xᵢ₁ + … − yᵢ; ∂f/∂bⱼ = 2Σᵢ rᵢxᵢⱼ/n, xᵢ₀ = 1

    Options:
        data: rows of numbers: x₁, x₂, … and in the last place y.
        intercept: whether there is a b₀.

    Variant:
        The exact answer is that of a singular value decomposition; there is none where the columns depend on
        each other. Columns of different scale make a valley of it: standardize them, and it becomes round.

    Reference:
        Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes", Paris, 1805.
    """

    data: tuple[tuple[float, ...], ...]
    intercept: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        rows = tuple(tuple(map(float, row)) for row in self.data)
        if not rows or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
            raise ValueError("LeastSquares: data must be rows of equally many numbers, x and y at least")
        object.__setattr__(self, "data", rows)
        object.__setattr__(self, "dimension", len(rows[0]) - (0 if self.intercept else 1))

    @cached_property
    def design(self) -> Float64:
        """(dimension, rows): the ones of the intercept, then the columns of the data."""
        x = np.array(self.data).T[:-1]
        return np.vstack([np.ones(x.shape[1]), x]) if self.intercept else x

    @cached_property
    def target(self) -> Float64:
        """(rows,)"""
        value: Float64 = np.array(self.data).T[-1]
        return value

    @property
    def variables(self) -> tuple[str, ...]:
        first = 0 if self.intercept else 1
        return tuple(f"b{place + first}" for place in range(len(self.design)))

    def memory(self, runs: int) -> int:
        return 8 * len(self.data) * (5 * len(self.data[0]) + 3 * runs)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        design, rows = self.design.astype(points.dtype, copy=False), len(self.target)
        off = np.tile(-self.target.astype(points.dtype), (len(points), 1))
        for place, column in enumerate(design):
            off += points[:, place, None] * column
        for place, column in enumerate(design):
            gradient[:, place] = 2 * (off * column).sum(axis=-1) / rows
        value: Array = (off * off).sum(axis=-1) / rows
        return value

    def second_derivative(self, points: Array) -> Array | None:
        return np.full_like(points, 2 * float(self.design[0] @ self.design[0]) / len(self.target))

    @cached_property
    def minima(self) -> Sequence[Sequence[float]]:
        found, _, rank, _ = np.linalg.lstsq(self.design.T, self.target, rcond=None)
        return [tuple(found.tolist())] if rank == len(self.design) else ()

    @property
    def minimum(self) -> float | None:
        return float(self.values(np.array(self.minima))[0]) if self.minima else None

    @property
    def domain(self) -> Float64:
        centre = np.array(self.minima[0]) if self.minima else np.zeros(len(self.design))
        reach = np.maximum(1.0, 1.5 * np.abs(centre))
        return np.stack([centre - reach, centre + reach], axis=1)

    @property
    def usual_start(self) -> Sequence[float]:
        return (0.0,) * len(self.design)
