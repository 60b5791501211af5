"""The hyperbolic tangent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent.

    Formula:
        y = tanh(x); y′ = 1 − y²

    Reference:
        LeCun, Bottou, Orr & Müller, "Efficient backprop", 1998, 4.4 (there scaled by 1.7159, here not).
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)
        slope = aligned_like(x)
        one = np.ones((), x.dtype)

        def forward() -> None:
            np.tanh(x, out=y)

        def backward(dy: Array) -> Array:
            np.multiply(y, y, out=slope)
            np.subtract(one, slope, out=slope)
            return np.multiply(dy, slope, out=dy)

        return Bound(y, forward, backward, overwritable=False)
