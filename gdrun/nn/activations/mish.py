"""The mish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.functions import sigmoid, softplus
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Mish(Activation):
    """Mish: smooth, and dipping below 0 before it rises.

    Formula:
        y = x·t, t = tanh(log(1 + exp(x))); y′ = t + x(1 − t²)σ, σ = 1/(1 + exp(−x))

    Reference:
        Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y, t, slope, scratch = (aligned_like(x) for _ in range(4))
        one = np.ones((), x.dtype)

        def forward() -> None:
            softplus(x, out=t, scratch=scratch)
            np.tanh(t, out=t)
            np.multiply(x, t, out=y)

        def backward(dy: Array) -> Array:
            sigmoid(x, out=slope)
            np.multiply(t, t, out=scratch)
            np.subtract(one, scratch, out=scratch)
            np.multiply(slope, scratch, out=slope)
            np.multiply(slope, x, out=slope)
            np.add(slope, t, out=slope)
            return np.multiply(dy, slope, out=dy)

        return Bound(y, forward, backward)
