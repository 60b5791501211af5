"""The rectified linear unit with a ceiling."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.nn.activation import Activation
from gdrun.nn.activations.clipped import bind_clipped
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Relu6(Activation):
    """Rectified linear unit that stops at 6.

    Formula:
        y = max(0, min(x, 6)); y′ = 1 where 0 < x ≤ 6, else 0

    Reference:
        Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        return bind_clipped(x, workspace, low=0, high=6)
