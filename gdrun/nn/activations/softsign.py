"""The softsign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Softsign(Activation):
    """Softsign: like tanh, but nearing ±1 much more slowly.

    Formula:
        y = x/(1 + |x|); y′ = 1/(1 + |x|)²

    Reference:
        Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks",
        AISTATS 2010.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)
        size = aligned_like(x)
        one = np.ones((), x.dtype)

        def forward() -> None:
            np.abs(x, out=size)
            np.add(size, one, out=size)
            np.divide(x, size, out=y)

        def backward(dy: Array) -> Array:
            np.divide(dy, size, out=dy)  # twice, as the square could overflow
            return np.divide(dy, size, out=dy)

        return Bound(y, forward, backward)
