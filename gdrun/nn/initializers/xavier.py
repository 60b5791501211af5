"""Variance 2/(fan_in + fan_out): between what suits the forward and the backward pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.variance_scaling import draw


@dataclass(frozen=True)
class XavierNormal(Initializer):
    """Normal values with variance 2/(fan_in + fan_out), untruncated; also called `glorot_normal`.

    Formula:
        w ~ N(0, 2/(fan_in + fan_out))

    Variant:
        Untruncated; Keras cuts off what lies beyond two standard deviations.

    Reference:
        Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks",
        AISTATS 2010.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return draw(2 / (fan_in + fan_out), "normal", shape, generator)


@dataclass(frozen=True)
class XavierUniform(Initializer):
    """Uniform values with variance 2/(fan_in + fan_out); also called `glorot_uniform`.

    Formula:
        w ~ U(−l, l), l = √(6/(fan_in + fan_out))

    Reference:
        Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks",
        AISTATS 2010.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return draw(2 / (fan_in + fan_out), "uniform", shape, generator)
