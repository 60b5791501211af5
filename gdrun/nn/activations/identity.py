"""No activation."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Identity(Activation):
    """The identity: a layer stays linear.

    Formula:
        y = x; y′ = 1

    Reference:
        The usual output activation where the loss takes scores, as every loss here does.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        def forward() -> None:
            pass

        def backward(dy: Array) -> Array:
            return dy

        return Bound(x, forward, backward, overwritable=workspace.overwritable)
