"""The piecewise linear sigmoid."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.nn.activation import Activation
from gdrun.nn.activations.clipped import bind_clipped
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class HardSigmoid(Activation):
    """Sigmoid made of straight lines.

    Formula:
        y = max(0, min(x + 3, 6))/6; y′ = 1/6 where −3 < x ≤ 3, else 0

    Variant:
        Slope 1/6 as in PyTorch and Keras 3; earlier ones had 0.2.

    Reference:
        Courbariaux, Bengio & David, "BinaryConnect", NeurIPS 2015; slope: Howard et al., "Searching for
        MobileNetV3", ICCV 2019.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        return bind_clipped(x, workspace, low=-3, high=3, offset=3, divisor=6)
