"""The exponential linear unit."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.component import Positive
from gdrun.nn.activation import Activation
from gdrun.nn.activations.exponential_linear import bind_exponential_linear
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Elu(Activation):
    """Exponential linear unit: smooth towards −alpha on the negative side.

    Formula:
        y = x where x > 0, else alpha·(exp(x) − 1); y′ = 1 where x > 0, else y + alpha (also at 0)

    Options:
        alpha: how far below 0 the outputs go.

    Reference:
        Clevert, Unterthiner & Hochreiter, "Fast and accurate deep network learning by exponential linear
        units (ELUs)", ICLR 2016.
    """

    alpha: Positive = 1.0

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        return bind_exponential_linear(x, workspace, alpha=self.alpha)
