"""The mean squared error."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_values, mean_of_rows


@dataclass(frozen=True)
class Mse(Loss):
    """Mean squared error: the usual loss for values.

    Formula:
        L = mean over rows and outputs of (z − y)²; ∂L/∂z = 2(z − y)/(rows·outputs)

    Variant:
        The plain mean, without the ½ that some textbooks put in front; over outputs too, as in PyTorch.

    Reference:
        Bishop, "Pattern Recognition and Machine Learning", 2006, 3.1.
    """

    task: ClassVar[Task] = "regression"
    is_likelihood: ClassVar[bool] = True

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_values(target, outputs, dtype)

    def drawn(self, prediction: Array, source: np.random.Generator) -> Array:
        deviation = math.sqrt(prediction.shape[-1] / 2)  # of the normal distribution whose logarithm it is
        values: Array = prediction + deviation * source.standard_normal(prediction.shape)
        return values

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        error = prediction.astype(np.float64) - encoded
        return mean_of_rows(np.square(error, out=error))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(2 / (batch * outputs), prediction.dtype)

        def derive() -> Array:
            np.subtract(prediction, encoded, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
