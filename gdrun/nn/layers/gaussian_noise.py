"""Gaussian noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.component import NonNegative
from gdrun.nn.functions import number
from gdrun.nn.layer import Array, Bound, Layer, Workspace
from gdrun.nn.layers.stochastic import generators_of, output_for, unchanged


@dataclass(frozen=True)
class GaussianNoise(Layer):
    """Adds normal random numbers to the values in training; does nothing in evaluation.

    Formula:
        y = x + std·ε, each ε independently normal with mean 0 and standard deviation 1
        ∂L/∂x = ∂L/∂y

    Options:
        std: the standard deviation of what is added.

    Variant:
        Additive, as in Keras. Each run draws from its own generator, a value for every row and feature, at
        every forward pass, in the precision of the network.

    Reference:
        Bishop, "Training with noise is equivalent to Tikhonov regularization", Neural Computation 7, 1995.
    """

    stochastic: ClassVar[bool] = True
    std: NonNegative = 0.1

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        if not workspace.training:
            return unchanged(x, workspace)
        generators = generators_of(workspace, "gaussian_noise")
        y = output_for(x, workspace)
        noise = np.empty(y.shape, y.dtype)  # in row order: which value meets which draw is then plain
        std = number(self.std, noise)

        def forward() -> None:
            for generator, own in zip(generators, noise, strict=True):
                generator.standard_normal(dtype=own.dtype.type, out=own)
            np.multiply(noise, std, out=noise)
            np.add(x, noise, out=y)

        def backward(dy: Array) -> Array:
            return dy

        return Bound(y, forward, backward)
