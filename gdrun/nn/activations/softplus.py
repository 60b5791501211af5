"""The softplus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.functions import softplus
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Softplus(Activation):
    """Softplus: a smooth relu, always positive.

    Formula:
        y = log(1 + exp(x)) = max(x, 0) + log(1 + exp(−|x|)); y′ = 1/(1 + exp(−x)) = 1 − exp(−y)

    Reference:
        Dugas et al., "Incorporating second-order functional knowledge for better option pricing",
        NeurIPS 2000.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)
        slope = aligned_like(x)
        zero = np.zeros((), x.dtype)

        def forward() -> None:
            softplus(x, out=y, scratch=slope)

        def backward(dy: Array) -> Array:
            np.negative(y, out=slope)
            np.expm1(slope, out=slope)
            np.subtract(zero, slope, out=slope)
            return np.multiply(dy, slope, out=dy)

        return Bound(y, forward, backward, overwritable=False)
