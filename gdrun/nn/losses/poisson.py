"""The loss of counts."""

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
class Poisson(Loss):
    """Negative log likelihood of counts whose rate is the exponential of the output.

    Formula:
        L = mean over rows and outputs of exp(z) − y·z; ∂L/∂z = (exp(z) − y)/(rows·outputs)

    Variant:
        As PoissonNLLLoss in PyTorch with its log input: z is the log of the rate, and log y!, which doesn't
        depend on z, is left out. Predictions and metrics take the rate exp(z). Counts are not standardized:
        it needs `preprocessing: {target: none}`. An exp(z) that doesn't fit the dtype is infinite.

    Reference:
        McCullagh & Nelder, "Generalized Linear Models", 1989, chapter 6.
    """

    task: ClassVar[Task] = "regression"
    own_unit: ClassVar[bool] = True

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        if len(target) and not target.min() >= 0:
            raise ValueError(f"poisson is for counts, which are never negative, not for {target.min():g}")
        return encode_values(target, outputs, dtype)

    def estimates(self, prediction: Array) -> Array:
        with np.errstate(over="ignore"):
            rate: Array = np.exp(prediction)
        return rate

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        z = prediction.astype(np.float64)
        return mean_of_rows(self.estimates(z) - encoded * z)

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(1 / (batch * outputs), prediction.dtype)

        def derive() -> Array:
            with np.errstate(over="ignore"):
                np.exp(prediction, out=gradient)
            np.subtract(gradient, encoded, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
