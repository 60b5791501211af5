"""The same value everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.initializer import Initializer


@dataclass(frozen=True)
class Zeros(Initializer):
    """Zeros: right for biases; weights that all start equal stay equal within a layer.

    Formula:
        w = 0

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 8.4: why weights must break the symmetry.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return np.zeros(shape)


@dataclass(frozen=True)
class Ones(Initializer):
    """Ones.

    Formula:
        w = 1

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 8.4.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return np.ones(shape)


@dataclass(frozen=True)
class Constant(Initializer):
    """One value everywhere.

    Formula:
        w = value

    Options:
        value: of every weight.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 8.4: a small positive bias keeps relus
        awake at the start.
    """

    value: float = 0.0

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return np.full(shape, self.value)
