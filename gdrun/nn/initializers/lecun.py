"""Variance 1/fan_in: for selu, tanh and linear layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.variance_scaling import draw


@dataclass(frozen=True)
class LecunNormal(Initializer):
    """Normal values with variance 1/fan_in, untruncated.

    Formula:
        w ~ N(0, 1/fan_in)

    Variant:
        Untruncated; Keras cuts off what lies beyond two standard deviations.

    Reference:
        LeCun, Bottou, Orr & Müller, "Efficient backprop", 1998, 4.6.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return draw(1 / fan_in, "normal", shape, generator)


@dataclass(frozen=True)
class LecunUniform(Initializer):
    """Uniform values with variance 1/fan_in.

    Formula:
        w ~ U(−l, l), l = √(3/fan_in)

    Reference:
        LeCun, Bottou, Orr & Müller, "Efficient backprop", 1998, 4.6.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return draw(1 / fan_in, "uniform", shape, generator)
