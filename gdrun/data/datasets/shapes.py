"""Synthetic classes in the plane that no straight line separates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Ge, Gt, Le, Lt, NonNegative, Positive
from gdrun.data.datasets.synthetic import Floats, Synthetic
from gdrun.data.table import Task

Sample = tuple[Floats, NDArray[Any], tuple[str, ...]]


@dataclass(frozen=True)
class Moons(Synthetic):
    """Two half circles that reach into each other.

    Formula:
        t ~ U(0, π); upper: (cos t, sin t); lower: (1 − cos t, ½ − sin t); each coordinate + noise·ε.

    Options:
        rows: how many.
        seed: of the dataset alone.
        noise: standard deviation of each coordinate; the moons touch from about 0.2 on.

    Variant:
        The shapes of scikit-learn's make_moons, with t drawn at random and not evenly spaced.
    """

    task: ClassVar[Task] = "classification"
    noise: NonNegative = 0.1

    def sample(self, random: np.random.Generator) -> Sample:
        t = random.uniform(0, np.pi, self.rows)
        upper = self.turns(2) == 1
        x = np.where(upper, np.cos(t), 1 - np.cos(t))
        y = np.where(upper, np.sin(t), 0.5 - np.sin(t))
        noise = self.noise * random.normal(size=(self.rows, 2))
        return np.stack([x, y], axis=1) + noise, upper.astype(np.int64), ("lower", "upper")


@dataclass(frozen=True)
class Circles(Synthetic):
    """A circle inside another.

    Formula:
        t ~ U(0, 2π); r·(cos t, sin t) with r = 1 outside and `factor` inside; each coordinate + noise·ε.

    Options:
        rows: how many.
        seed: of the dataset alone.
        noise: standard deviation of each coordinate.
        factor: radius of the inner circle, between 0 and 1.
    """

    task: ClassVar[Task] = "classification"
    noise: NonNegative = 0.05
    factor: Annotated[float, Gt(0), Lt(1)] = 0.5

    def sample(self, random: np.random.Generator) -> Sample:
        t = random.uniform(0, 2 * np.pi, self.rows)
        outer = self.turns(2)
        radius = np.where(outer == 1, 1.0, self.factor)
        x = radius[:, None] * np.stack([np.cos(t), np.sin(t)], axis=1)
        return x + self.noise * random.normal(size=(self.rows, 2)), outer, ("inner", "outer")


@dataclass(frozen=True)
class Xor(Synthetic):
    """Four squares coloured like a chessboard: the signs of the coordinates are the same or different.

    Formula:
        each coordinate ± U(0, 1); "same" where x0·x1 > 0, else "different"; then + noise·ε.

    Options:
        rows: how many.
        seed: of the dataset alone.
        noise: standard deviation of each coordinate, added after the class is fixed.

    Reference:
        Minsky & Papert, "Perceptrons", 1969: no single linear unit can tell them apart.
    """

    task: ClassVar[Task] = "classification"
    noise: NonNegative = 0.05

    def sample(self, random: np.random.Generator) -> Sample:
        same = self.turns(2)
        size = random.uniform(size=(self.rows, 2))
        sign = np.where(random.uniform(size=self.rows) < 0.5, -1.0, 1.0)
        x = size * np.stack([sign, np.where(same == 1, sign, -sign)], axis=1)
        return x + self.noise * random.normal(size=(self.rows, 2)), same, ("different", "same")


@dataclass(frozen=True)
class Spirals(Synthetic):
    """Arms that wind around each other.

    Formula:
        t ~ U(0, 1), r = √t; arm k of C: r·(cos φ, sin φ) with φ = 2π·(turns_of_arm·r + k/C); + noise·ε.

    Options:
        rows: how many.
        seed: of the dataset alone.
        noise: standard deviation of each coordinate.
        arms: C, the number of classes.
        turns_of_arm: how often an arm goes around.

    Reference:
        after Lang & Witbrock, "Learning to tell two spirals apart", 1988.
    """

    task: ClassVar[Task] = "classification"
    noise: NonNegative = 0.01
    arms: Annotated[int, Ge(2), Le(10)] = 2
    turns_of_arm: Positive = 1.5

    def sample(self, random: np.random.Generator) -> Sample:
        radius = np.sqrt(random.uniform(size=self.rows))
        arm = self.turns(self.arms)
        angle = 2 * np.pi * (self.turns_of_arm * radius + arm / self.arms)
        x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        noise = self.noise * random.normal(size=(self.rows, 2))
        return x + noise, arm, tuple(str(index) for index in range(self.arms))
