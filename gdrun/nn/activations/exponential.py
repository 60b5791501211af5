"""The exponential function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Exponential(Activation):
    """The exponential function: positive outputs, as for rates and scales.

    Formula:
        y = exp(x); y′ = y. Where it doesn't fit the dtype the output is infinite.

    Reference:
        McCullagh & Nelder, "Generalized Linear Models", 1989, 2.2: the inverse of the log link.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y = workspace.over(x)

        def forward() -> None:
            with np.errstate(over="ignore"):
                np.exp(x, out=y)

        def backward(dy: Array) -> Array:
            return np.multiply(dy, y, out=dy)

        return Bound(y, forward, backward, overwritable=False)
