"""The rectified linear unit that keeps a small slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.component import Probability
from gdrun.nn.activation import Activation
from gdrun.nn.functions import number
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class LeakyRelu(Activation):
    """Leaky rectified linear unit: negative inputs are not cut off but made small.

    Formula:
        y = x where x > 0, else slope·x; y′ = 1 where x > 0, else slope (also at 0)

    Options:
        slope: of the negative side, from 0 to 1.

    Reference:
        Maas, Hannun & Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.
    """

    slope: Probability = 0.01

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)
        zero = np.zeros((), x.dtype)
        slope = number(self.slope, x)
        scaled = aligned_like(x)
        negative = aligned_like(x, bool)

        def forward() -> None:
            np.multiply(x, slope, out=scaled)
            np.maximum(x, scaled, out=y)  # the right one of both, as the slope is at most 1

        def backward(dy: Array) -> Array:
            np.less_equal(y, zero, out=negative)
            np.multiply(dy, slope, out=scaled)
            np.copyto(dy, scaled, where=negative)
            return dy

        return Bound(y, forward, backward, overwritable=False)
