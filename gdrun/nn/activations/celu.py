"""The continuously differentiable exponential linear unit."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.component import Positive
from gdrun.nn.activation import Activation
from gdrun.nn.activations.exponential_linear import bind_exponential_linear
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Celu(Activation):
    """Exponential linear unit without a kink at 0, whatever alpha is.

    Formula:
        y = x where x > 0, else alpha·(exp(x/alpha) − 1); y′ = 1 where x > 0, else exp(x/alpha)

    Options:
        alpha: how far below 0 the outputs go, and how wide the bend is.

    Reference:
        Barron, "Continuously differentiable exponential linear units", arXiv 1704.07483, 2017.
    """

    alpha: Positive = 1.0

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        return bind_exponential_linear(x, workspace, alpha=self.alpha, width=self.alpha)
