"""Gradient clipping, by the norm of a run's whole gradient or value by value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.component import Component, Positive
from gdrun.optim.optimizer import Array, Float64

_EPS = 1e-6  # beside the norm, as in PyTorch
_PIECE = 8192  # parameters


def gradient_norm(gradients: Array) -> Float64:
    """The Euclidean norm of every run's gradient, (runs,), from (runs, parameters).

    Sums of squares over pieces of each run, added up in float64: the same sums alone or in a stack, and
    pieces too short for BLAS to share them out to threads.
    """
    squares = np.zeros(len(gradients))
    for start in range(0, gradients.shape[1], _PIECE):
        piece = gradients[:, start : start + _PIECE]
        squares += np.matmul(piece[:, None, :], piece[:, :, None])[:, 0, 0]
    return np.sqrt(squares)


@dataclass(frozen=True)
class GradientClipping(Component):
    """Keeps the gradient of loss and penalty short, before the optimizer sees it.

    Formula:
        norm: g ← g·min(1, norm/(‖g‖ + 1e-6)), ‖g‖ over all parameters of a run
        value: g ← min(max(g, −value), value), each parameter for itself

    Options:
        norm: the longest gradient that is left as it is.
        value: the largest derivative that is left as it is. One of both is given.

    Variant:
        As PyTorch's clip_grad_norm_ and clip_grad_value_.

    Reference:
        Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
    """

    norm: Positive | None = None
    value: Positive | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.norm is None) == (self.value is None):
            given = "none" if self.norm is None else "both"
            raise ValueError(f"GradientClipping: give exactly one of norm and value, not {given}")

    def clip(self, gradients: Array, norm: Float64 | None = None) -> None:
        """Clip the gradients (runs, parameters) in place.

        Args:
            gradients: of loss and penalty.
            norm: their `gradient_norm` (runs,), where it is known already.
        """
        if self.norm is not None:
            norm = gradient_norm(gradients) if norm is None else norm
            factor = np.minimum(self.norm / (norm[:, None] + _EPS), 1.0)
            if not (factor == 1).all():
                np.multiply(gradients, factor.astype(gradients.dtype), out=gradients)
        else:
            bound = np.asarray(self.value, gradients.dtype)
            np.minimum(gradients, bound, out=gradients)
            np.maximum(gradients, -bound, out=gradients)
