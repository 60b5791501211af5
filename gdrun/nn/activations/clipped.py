"""The equation that relu6, hard_tanh and hard_sigmoid share."""

from __future__ import annotations

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.layer import Array, Bound, Workspace


def bind_clipped(
    x: Array, workspace: Workspace, *, low: float, high: float, offset: float = 0.0, divisor: float = 1.0
) -> Bound:
    """y = (max(low, min(x, high)) + offset)/divisor; y′ = 1/divisor where low < x ≤ high, else 0."""
    y = workspace.over(x)
    lowest, highest = np.asarray(low, x.dtype), np.asarray(high, x.dtype)
    shift, scale = np.asarray(offset, x.dtype), np.asarray(divisor, x.dtype)
    inside, below = aligned_like(x, bool), aligned_like(x, bool)
    plain = offset == 0 and divisor == 1

    def forward() -> None:
        np.greater(x, lowest, out=inside)
        np.less_equal(x, highest, out=below)
        np.logical_and(inside, below, out=inside)
        np.maximum(x, lowest, out=y)
        np.minimum(y, highest, out=y)
        if not plain:
            np.add(y, shift, out=y)
            np.divide(y, scale, out=y)

    def backward(dy: Array) -> Array:
        np.multiply(dy, inside, out=dy)
        return dy if plain else np.divide(dy, scale, out=dy)

    return Bound(y, forward, backward)
