"""The mean absolute percentage error."""

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
class Mape(Loss):
    """Mean absolute percentage error: an error counts in proportion to the target.

    Formula:
        L = mean over rows and outputs of |z − y|/|y|
        ∂L/∂z = sign(z − y)/(|y|·rows·outputs), 0 where z = y

    Variant:
        A fraction, not multiplied by 100: 0.1 means 10 %, as the metric. The target must not be 0 and not be
        standardized: it needs `preprocessing: {target: none}`. It pulls towards predictions that are too low.

    Reference:
        De Myttenaere, Golden, Le Grand & Rossi, "Mean absolute percentage error for regression models",
        Neurocomputing 192, 2016.
    """

    task: ClassVar[Task] = "regression"
    own_unit: ClassVar[bool] = True

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        encoded = encode_values(target, outputs, dtype)
        if not encoded.all():
            raise ValueError("mape divides by the target, which is 0 in some rows; take mae")
        return encoded

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        error = prediction.astype(np.float64) - encoded
        return mean_of_rows(np.abs(error / encoded))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(1 / (batch * outputs), prediction.dtype)
        size = aligned_like(prediction)

        def derive() -> Array:
            np.subtract(prediction, encoded, out=gradient)
            np.sign(gradient, out=gradient)
            np.abs(encoded, out=size)
            np.divide(gradient, size, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
