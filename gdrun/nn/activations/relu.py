"""The rectified linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Relu(Activation):
    """Rectified linear unit.

    Formula:
        y = max(x, 0); y′ = 1 where x > 0, else 0 (also at 0)

    Reference:
        Nair & Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    """

    is_maximum: ClassVar[bool] = True

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)
        zero = np.zeros((), x.dtype)
        zeros = aligned_like(x[:1])  # the maximum of two arrays takes half the time of one with a number
        zeros[...] = 0
        positive = aligned_like(x, bool)

        def forward() -> None:
            np.maximum(x, zeros, out=y)

        def backward(dy: Array) -> Array:
            np.greater(y, zero, out=positive)
            return np.multiply(dy, positive, out=dy)

        return Bound(y, forward, backward, overwritable=False)
