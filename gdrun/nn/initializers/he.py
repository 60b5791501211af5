"""Variance 2/fan_in: for relu, which passes half of it on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.variance_scaling import draw


@dataclass(frozen=True)
class HeNormal(Initializer):
    """Normal values with variance 2/fan_in, untruncated; also called `kaiming_normal`.

    Formula:
        w ~ N(0, 2/fan_in)

    Variant:
        Untruncated; Keras cuts off what lies beyond two standard deviations.

    Reference:
        He et al., "Delving deep into rectifiers", ICCV 2015.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return draw(2 / fan_in, "normal", shape, generator)


@dataclass(frozen=True)
class HeUniform(Initializer):
    """Uniform values with variance 2/fan_in; also called `kaiming_uniform`.

    Formula:
        w ~ U(−l, l), l = √(6/fan_in)

    Variant:
        With the gain √2 of relu; what PyTorch gives its linear layers by itself is narrower.

    Reference:
        He et al., "Delving deep into rectifiers", ICCV 2015.
    """

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return draw(2 / fan_in, "uniform", shape, generator)
