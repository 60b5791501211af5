"""The piecewise linear tanh."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.nn.activation import Activation
from gdrun.nn.activations.clipped import bind_clipped
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class HardTanh(Activation):
    """Hyperbolic tangent made of straight lines.

    Formula:
        y = max(−1, min(x, 1)); y′ = 1 where −1 < x ≤ 1, else 0

    Reference:
        Collobert, "Large scale machine learning", PhD thesis, Paris VI, 2004.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        return bind_clipped(x, workspace, low=-1, high=1)
