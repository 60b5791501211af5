"""Sigmoid followed by the cross entropy: one output for two classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.nn.functions import probabilities_of_two, sigmoid
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_two_classes, mean_of_rows, output_of_two_classes


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross entropy of two classes from one score, the logarithm of the odds of class 1.

    Formula:
        σ = 1/(1 + exp(−z)); L = −mean over rows and outputs of y·log σ + (1 − y)·log(1 − σ)
          = mean of max(z, 0) − z·y + log(1 + exp(−|z|)); ∂L/∂z = (σ − y)/(rows·outputs). Score 0 gives ln 2.

    Variant:
        Takes scores, not probabilities, as BCEWithLogitsLoss in PyTorch. y is the class index, 0 or 1.

    Reference:
        Bishop, "Pattern Recognition and Machine Learning", 2006, 4.3.2.
    """

    task: ClassVar[Task] = "classification"
    is_likelihood: ClassVar[bool] = True

    def outputs(self, targets: int) -> int:
        return output_of_two_classes(self, targets, "softmax_cross_entropy")

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_two_classes(target, outputs, dtype)

    def probabilities(self, prediction: Array) -> Array:
        return probabilities_of_two(prediction)

    def drawn(self, prediction: Array, source: np.random.Generator) -> Array:
        ones: Array = source.random(prediction.shape) < probabilities_of_two(prediction[None])[0, :, 1:]
        return ones

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        z = prediction.astype(np.float64)
        return mean_of_rows(np.maximum(z, 0) - z * encoded + np.log1p(np.exp(-np.abs(z))))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = aligned_like(prediction)
        batch, outputs = prediction.shape[-2:]
        scale = np.asarray(1 / (batch * outputs), prediction.dtype)

        def derive() -> Array:
            sigmoid(prediction, out=gradient)
            np.subtract(gradient, encoded, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
