"""Draws from a distribution whose width is given, whatever the layer's size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdrun.component import NonNegative
from gdrun.nn.initializer import Initializer


def standard_truncated_normal(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.float64]:
    """Standard normal values; those beyond ±2 are drawn again until none is left."""
    values = generator.standard_normal(shape)
    beyond = np.abs(values) > 2
    while beyond.any():
        values[beyond] = generator.standard_normal(np.count_nonzero(beyond))
        beyond = np.abs(values) > 2
    return values


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal values of a given standard deviation, untruncated.

    Formula:
        w ~ N(0, std²)

    Options:
        std: the standard deviation.

    Reference:
        Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural networks",
        NeurIPS 2012, section 5 (with 0.01).
    """

    std: NonNegative = 0.01

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return generator.standard_normal(shape) * self.std


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform values between −limit and limit.

    Formula:
        w ~ U(−limit, limit), variance limit²/3

    Options:
        limit: the largest size of a value.

    Reference:
        LeCun, Bottou, Orr & Müller, "Efficient backprop", 1998, 4.6.
    """

    limit: NonNegative = 0.05

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return generator.uniform(-1, 1, shape) * self.limit


@dataclass(frozen=True)
class TruncatedNormal(Initializer):
    """Normal values without those beyond two standard deviations.

    Formula:
        w ~ N(0, std²), drawn again while |w| > 2·std

    Options:
        std: the standard deviation before truncation; that of the values is 0.8796·std.

    Variant:
        As in Keras: cut at two standard deviations, std not corrected for it. (`variance_scaling` corrects.)

    Reference:
        Abadi et al., "TensorFlow: a system for large-scale machine learning", OSDI 2016.
    """

    std: NonNegative = 0.01

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return standard_truncated_normal(shape, generator) * self.std
