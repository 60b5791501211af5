"""The piecewise swish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class HardSwish(Activation):
    """Hard swish: swish with its sigmoid replaced by straight lines.

    Formula:
        y = x·max(0, min(x + 3, 6))/6; y′ = 0 where x ≤ −3, (2x + 3)/6 up to 3, 1 above

    Reference:
        Howard et al., "Searching for MobileNetV3", ICCV 2019.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y, gate, slope = (aligned_like(x) for _ in range(3))
        outside = aligned_like(x, bool)
        zero, third, half, one, three, six = (np.asarray(v, x.dtype) for v in (0, 1 / 3, 0.5, 1, 3, 6))

        def forward() -> None:
            np.add(x, three, out=gate)
            np.maximum(gate, zero, out=gate)
            np.minimum(gate, six, out=gate)
            np.divide(gate, six, out=gate)
            np.multiply(x, gate, out=y)

        def backward(dy: Array) -> Array:
            np.multiply(x, third, out=slope)
            np.add(slope, half, out=slope)
            np.less_equal(x, -three, out=outside)
            np.copyto(slope, zero, where=outside)
            np.greater(x, three, out=outside)
            np.copyto(slope, one, where=outside)
            return np.multiply(dy, slope, out=dy)

        return Bound(y, forward, backward)
