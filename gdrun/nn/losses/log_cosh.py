"""The logarithm of the hyperbolic cosine of the error."""

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
class LogCosh(Loss):
    """Logarithm of the error's hyperbolic cosine: squared for small errors, linear for large ones, smooth.

    Formula:
        e = z − y; L = mean over rows and outputs of log cosh e = |e| + log(1 + exp(−2|e|)) − log 2
        ∂L/∂z = tanh(e)/(rows·outputs)

    Variant:
        Like `huber` with δ = 1 without its kinks in the derivative: about ½e² near 0, |e| − log 2 far away.

    Reference:
        Green, "Bayesian reconstructions from emission tomography data using a modified EM algorithm", IEEE
        Transactions on Medical Imaging 9, 1990.
    """

    task: ClassVar[Task] = "regression"

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_values(target, outputs, dtype)

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        size = np.abs(prediction.astype(np.float64) - encoded)
        return mean_of_rows(size + np.log1p(np.exp(-2 * size)) - np.log(2))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(1 / (batch * outputs), prediction.dtype)

        def derive() -> Array:
            np.subtract(prediction, encoded, out=gradient)
            np.tanh(gradient, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
