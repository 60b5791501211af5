"""The mean absolute error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_values, mean_of_rows


@dataclass(frozen=True)
class Mae(Loss):
    """Mean absolute error: outliers pull no harder than anyone else.

    Formula:
        L = mean over rows and outputs of |z − y|; ∂L/∂z = sign(z − y)/(rows·outputs), 0 where z = y

    Variant:
        As in PyTorch, also where z = y: an exact prediction stays where it is.

    Reference:
        Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning", 2009, 10.6.
    """

    task: ClassVar[Task] = "regression"

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_values(target, outputs, dtype)

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        return mean_of_rows(np.abs(prediction.astype(np.float64) - encoded))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(1 / (batch * outputs), prediction.dtype)

        def derive() -> Array:
            np.subtract(prediction, encoded, out=gradient)
            np.sign(gradient, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
