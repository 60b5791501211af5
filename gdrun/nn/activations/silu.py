"""The sigmoid-weighted linear unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.functions import sigmoid
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Silu(Activation):
    """Sigmoid-weighted linear unit, also called swish.

    Formula:
        y = x·σ, σ = 1/(1 + exp(−x)); y′ = σ + y(1 − σ)

    Variant:
        swish with β = 1.

    Reference:
        Elfwing, Uchibe & Doya, "Sigmoid-weighted linear units for neural network function approximation in
        reinforcement learning", Neural Networks 107, 2018; Ramachandran, Zoph & Le, arXiv 1710.05941, 2017.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)
        share, slope = aligned_like(x), aligned_like(x)
        one = np.ones((), x.dtype)

        def forward() -> None:
            sigmoid(x, out=share)
            np.multiply(x, share, out=y)

        def backward(dy: Array) -> Array:
            np.subtract(one, share, out=slope)
            np.multiply(slope, y, out=slope)
            np.add(slope, share, out=slope)
            return np.multiply(dy, slope, out=dy)

        return Bound(y, forward, backward, overwritable=False)
