"""The equation that relu6, hard_tanh and hard_sigmoid share."""

from __future__ import annotations

import numpy as np

from gdrun.nn.layer import Array, Bound, Workspace


def bind_clipped(
    x: Array, workspace: Workspace, *, low: float, high: float, slope: float = 1.0, offset: float = 0.0
) -> Bound:
    """y = slope·max(low, min(x, high)) + offset; y′ = slope where low < x ≤ high, else 0."""
    y = workspace.over(x)
    lowest, highest = np.asarray(low, x.dtype), np.asarray(high, x.dtype)
    factor, constant = np.asarray(slope, x.dtype), np.asarray(offset, x.dtype)
    inside, below = np.empty_like(x, dtype=bool), np.empty_like(x, dtype=bool)
    plain = slope == 1 and offset == 0

    def forward() -> None:
        np.greater(x, lowest, out=inside)
        np.less_equal(x, highest, out=below)
        np.logical_and(inside, below, out=inside)
        np.maximum(x, lowest, out=y)
        np.minimum(y, highest, out=y)
        if not plain:
            np.multiply(y, factor, out=y)
            np.add(y, constant, out=y)

    def backward(dy: Array) -> Array:
        np.multiply(dy, inside, out=dy)
        return dy if plain else np.multiply(dy, factor, out=dy)

    return Bound(y, forward, backward)
