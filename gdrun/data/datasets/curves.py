"""Synthetic regressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import NonNegative, Positive
from gdrun.data.datasets.synthetic import Floats, Synthetic
from gdrun.data.table import Task


@dataclass(frozen=True)
class Linear(Synthetic):
    """A plane with noise: linear regression with known weights.

    Formula:
        x ~ N(0, I); y = Σ_j weights_j·x_j + intercept + noise·ε, ε ~ N(0, 1).

    Options:
        rows: how many.
        seed: of the dataset alone.
        weights: one for each feature.
        intercept: the value at x = 0.
        noise: standard deviation of what cannot be predicted; the best mean squared error is its square.
    """

    task: ClassVar[Task] = "regression"
    weights: tuple[float, ...] = (2.0, -3.0)
    intercept: float = 1.0
    noise: NonNegative = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.weights:
            raise ValueError("Linear: weights must have at least one number")

    def sample(self, random: np.random.Generator) -> tuple[Floats, NDArray[Any], tuple[str, ...]]:
        x = random.normal(size=(self.rows, len(self.weights)))
        y = self.intercept + self.noise * random.normal(size=self.rows)
        for column, weight in zip(x.T, self.weights, strict=True):
            y += weight * column
        return x, y[:, None], ()


@dataclass(frozen=True)
class Sine(Synthetic):
    """A sine wave with noise, over the unit interval.

    Formula:
        x ~ U(0, 1); y = sin(2π·frequency·x) + noise·ε, ε ~ N(0, 1).

    Options:
        rows: how many.
        seed: of the dataset alone.
        frequency: periods in the interval.
        noise: standard deviation of what cannot be predicted; the best mean squared error is its square.
    """

    task: ClassVar[Task] = "regression"
    frequency: Positive = 1.0
    noise: NonNegative = 0.1

    def sample(self, random: np.random.Generator) -> tuple[Floats, NDArray[Any], tuple[str, ...]]:
        x = random.uniform(size=(self.rows, 1))
        y = np.sin(2 * np.pi * self.frequency * x) + self.noise * random.normal(size=(self.rows, 1))
        return x, y, ()
