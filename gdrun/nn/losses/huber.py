"""The Huber loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.component import Positive
from gdrun.nn.functions import number
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_values, mean_of_rows


@dataclass(frozen=True)
class Huber(Loss):
    """Huber loss: squared for small errors, linear for large ones.

    Formula:
        e = z − y; L = mean over rows and outputs of ½e² where |e| ≤ δ, else δ(|e| − ½δ)
        ∂L/∂z = max(−δ, min(e, δ))/(rows·outputs)

    Options:
        delta: δ, where the straight lines begin, in the unit of the target as the network sees it.

    Variant:
        As HuberLoss in PyTorch; its SmoothL1Loss is this one divided by δ.

    Reference:
        Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.
    """

    task: ClassVar[Task] = "regression"
    delta: Positive = 1.0

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_values(target, outputs, dtype)

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        size = np.abs(prediction.astype(np.float64) - encoded)
        near = np.minimum(size, number(self.delta, size))
        return mean_of_rows(near * (size - near / 2))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(1 / (batch * outputs), prediction.dtype)
        delta = number(self.delta, prediction)
        minus_delta = -delta

        def derive() -> Array:
            np.subtract(prediction, encoded, out=gradient)
            np.minimum(gradient, delta, out=gradient)
            np.maximum(gradient, minus_delta, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
