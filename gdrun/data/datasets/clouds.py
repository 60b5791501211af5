"""Synthetic classes that are normal clouds of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Ge, Le, NonNegative, Positive
from gdrun.data.datasets.synthetic import ColumnCount, Floats, Synthetic
from gdrun.data.table import Task

Sample = tuple[Floats, NDArray[Any], tuple[str, ...]]
MOST_VALUES = 100_000_000


@dataclass(frozen=True)
class Blobs(Synthetic):
    """Round clouds around random centres, one a class.

    Formula:
        c_k ~ U(−spread, spread) in each coordinate; x = c_k + noise·ε, ε ~ N(0, I).

    Options:
        rows: how many.
        seed: of the dataset alone.
        noise: standard deviation of each coordinate.
        centers: the number of clouds and classes.
        features: columns.
        spread: half the width of the cube in which the centres lie.
    """

    task: ClassVar[Task] = "classification"
    noise: NonNegative = 1.0
    centers: Annotated[int, Ge(2), Le(100)] = 3
    features: ColumnCount = 2
    spread: Positive = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("Blobs", self.rows, self.features)

    def sample(self, random: np.random.Generator) -> Sample:
        centers = random.uniform(-self.spread, self.spread, (self.centers, self.features))
        cloud = self.turns(self.centers)
        x = centers[cloud] + self.noise * random.normal(size=(self.rows, self.features))
        digits = len(str(self.centers - 1))  # 01 … 10, so that sorted labels keep the order
        return x, cloud, tuple(f"{index:0{digits}}" for index in range(self.centers))


@dataclass(frozen=True)
class Gaussians(Synthetic):
    """Two overlapping clouds, for which the best possible accuracy is known.

    Formula:
        x = ±(distance/2)·u + noise·ε with u = (1, …, 1)/√features, ε ~ N(0, I).
        No classifier can do better than the accuracy Φ(distance/(2·noise)), Φ the normal distribution:
        0.8413 with the defaults. The best boundary is the plane x·u = 0.

    Options:
        rows: how many.
        seed: of the dataset alone.
        noise: standard deviation of each coordinate.
        distance: between the centres.
        features: columns.
    """

    task: ClassVar[Task] = "classification"
    noise: Positive = 1.0
    distance: NonNegative = 2.0
    features: ColumnCount = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("Gaussians", self.rows, self.features)

    def sample(self, random: np.random.Generator) -> Sample:
        positive = self.turns(2)
        center = np.where(positive == 1, 0.5, -0.5) * self.distance / np.sqrt(self.features)
        x = center[:, None] + self.noise * random.normal(size=(self.rows, self.features))
        return x, positive, ("negative", "positive")


def check_size(name: str, rows: int, features: int) -> None:
    """Raise a ValueError where the values would not fit into a small machine's memory."""
    if rows * features > MOST_VALUES:
        raise ValueError(f"{name}: rows × features must be at most {MOST_VALUES:,}, not {rows * features:,}")
