"""The logistic sigmoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.functions import sigmoid
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Sigmoid(Activation):
    """Logistic sigmoid.

    Formula:
        y = 1/(1 + exp(−x)); y′ = y(1 − y)

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 6.3.2.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)
        slope = aligned_like(x)
        one = np.ones((), x.dtype)

        def forward() -> None:
            sigmoid(x, out=y)

        def backward(dy: Array) -> Array:
            np.subtract(one, y, out=slope)
            np.multiply(slope, y, out=slope)
            return np.multiply(dy, slope, out=dy)

        return Bound(y, forward, backward, overwritable=False)
