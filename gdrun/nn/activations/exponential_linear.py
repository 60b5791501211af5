"""The equation that elu, selu and celu share."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.functions import number
from gdrun.nn.layer import Array, Bound, Workspace


def bind_exponential_linear(
    x: Array, workspace: Workspace, *, scale: Any = 1.0, alpha: Any = 1.0, width: Any = 1.0
) -> Bound:
    """y = scale·x where x > 0, else scale·alpha·(exp(x/width) − 1); y′ = (y + scale·alpha)/width there.

    Args:
        x: (runs, batch, *features).
        workspace: makes the buffers.
        scale, alpha, width: numbers, or (runs, 1) of them.
    """
    y = workspace.over(x)
    zero = np.zeros((), x.dtype)
    floor, scale, width = number(scale * alpha, x), number(scale, x), number(width, x)
    slope = aligned_like(x)
    positive = aligned_like(x, bool)

    def forward() -> None:
        np.minimum(x, zero, out=slope)
        np.divide(slope, width, out=slope)
        np.expm1(slope, out=slope)
        np.multiply(slope, floor, out=slope)
        np.maximum(x, zero, out=y)
        np.multiply(y, scale, out=y)
        np.add(y, slope, out=y)

    def backward(dy: Array) -> Array:
        np.greater(y, zero, out=positive)
        np.add(y, floor, out=slope)
        np.divide(slope, width, out=slope)
        np.copyto(slope, scale, where=positive)
        return np.multiply(dy, slope, out=dy)

    return Bound(y, forward, backward, overwritable=False)
