"""The Gaussian error linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Gelu(Activation):
    """Gaussian error linear unit: each input weighted with the share of a normal distribution below it.

    Formula:
        none: y = x·Φ(x), Φ(x) = ½(1 + erf(x/√2)); y′ = Φ(x) + x·φ(x), φ(x) = exp(−x²/2)/√(2π)
        tanh: y = ½x(1 + t), t = tanh(√(2/π)(x + cx³)); y′ = ½(1 + t) + ½x(1 − t²)√(2/π)(1 + 3cx²)
        with c = 0.044715

    Options:
        approximate: `none` for the exact one, or `tanh` for the faster approximation of the paper.

    Variant:
        The option and its values are called as in PyTorch; the two differ by less than 5e-4.

    Reference:
        Hendrycks & Gimpel, "Gaussian error linear units (GELUs)", arXiv 1606.08415, 2016.
    """

    approximate: Literal["none", "tanh"] = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.approximate not in ("none", "tanh"):
            raise ValueError(f"Gelu: approximate must be none or tanh, not {self.approximate!r}")

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        return _bind_exact(x) if self.approximate == "none" else _bind_tanh(x)


_FAR = 40.0  # from here on both densities are 0 in float64; without a limit x² and x³ would overflow


def _limited(x: Array, out: Array) -> None:
    np.minimum(x, np.asarray(_FAR, x.dtype), out=out)
    np.maximum(out, np.asarray(-_FAR, x.dtype), out=out)


def _bind_exact(x: Array) -> Bound:
    from scipy.special import erf  # slow to import: only for those who use it

    y, share, near, slope = (aligned_like(x) for _ in range(4))
    one, half, root_half, peak = (
        np.asarray(value, x.dtype) for value in (1, 0.5, np.sqrt(0.5), np.sqrt(0.5 / np.pi))
    )

    def forward() -> None:
        np.multiply(x, root_half, out=share)
        erf(share, out=share)
        np.add(share, one, out=share)
        np.multiply(share, half, out=share)
        np.multiply(x, share, out=y)

    def backward(dy: Array) -> Array:
        _limited(x, out=near)
        np.multiply(near, near, out=slope)
        np.multiply(slope, -half, out=slope)
        np.exp(slope, out=slope)
        np.multiply(slope, peak, out=slope)
        np.multiply(slope, near, out=slope)
        np.add(slope, share, out=slope)
        return np.multiply(dy, slope, out=dy)

    return Bound(y, forward, backward)


def _bind_tanh(x: Array) -> Bound:
    y, near, t, square, slope = (aligned_like(x) for _ in range(5))
    one, half, root, cubic, three = (
        np.asarray(value, x.dtype) for value in (1, 0.5, np.sqrt(2 / np.pi), 0.044715, 3)
    )

    def forward() -> None:
        _limited(x, out=near)
        np.multiply(near, near, out=square)
        np.multiply(square, cubic, out=square)  # cx²
        np.add(square, one, out=t)
        np.multiply(t, near, out=t)
        np.multiply(t, root, out=t)
        np.tanh(t, out=t)
        np.add(t, one, out=y)
        np.multiply(y, half, out=y)
        np.multiply(y, x, out=y)

    def backward(dy: Array) -> Array:
        np.multiply(square, three, out=slope)
        np.add(slope, one, out=slope)
        np.multiply(slope, root, out=slope)
        np.multiply(slope, near, out=slope)
        np.multiply(t, t, out=square)
        np.subtract(one, square, out=square)
        np.multiply(slope, square, out=slope)
        np.add(slope, t, out=slope)
        np.add(slope, one, out=slope)
        np.multiply(slope, half, out=slope)
        return np.multiply(dy, slope, out=dy)

    return Bound(y, forward, backward)
