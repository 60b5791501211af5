"""Dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.component import Ge, Lt
from gdrun.nn.functions import number
from gdrun.nn.layer import Array, Bound, Layer, Workspace
from gdrun.nn.layers.stochastic import generators_of, output_for, unchanged

Rate = Annotated[float, Ge(0), Lt(1)]  # the share of values that is dropped


@dataclass(frozen=True)
class Dropout(Layer):
    """Sets a random share of the values to 0 in training; does nothing in evaluation.

    Formula:
        y = x·m/(1 − rate), each m independently 1 with probability 1 − rate, else 0
        ∂L/∂x = ∂L/∂y·m/(1 − rate)

    Options:
        rate: the probability that a value is dropped, from 0 to below 1.

    Variant:
        Inverted: what is kept is scaled up in training, so that evaluation needs no scaling. Each run draws
        from its own generator, a value for every row and feature, at every forward pass.

    Reference:
        Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014.
    """

    stochastic: ClassVar[bool] = True
    rate: Rate = 0.5

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        if not workspace.training:
            return unchanged(x, workspace)
        generators = generators_of(workspace, "dropout")
        y = output_for(x, workspace)
        mask = aligned_like(y)
        kept = aligned_like(y, bool)
        draws = np.empty(y.shape, np.float32)  # in row order: which value meets which draw is then plain
        rate, scale = number(self.rate, draws), number(1 / (1 - self.rate), y)

        def forward() -> None:
            for generator, own in zip(generators, draws, strict=True):
                generator.random(dtype=np.float32, out=own)
            np.greater_equal(draws, rate, out=kept)
            np.multiply(kept, scale, out=mask)
            np.multiply(x, mask, out=y)

        def backward(dy: Array) -> Array:
            return np.multiply(dy, mask, out=dy)

        return Bound(y, forward, backward)
