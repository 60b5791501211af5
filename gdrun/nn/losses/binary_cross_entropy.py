"""Sigmoid followed by the cross entropy: one output for two classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.nn.functions import sigmoid
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_values, mean_of_rows


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

    def outputs(self, targets: int) -> int:
        if targets != 2:
            raise ValueError(
                f"binary_cross_entropy tells 2 classes apart, not {targets}; take softmax_cross_entropy"
            )
        return 1

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        if len(target) and not ((target >= 0) & (target <= 1)).all():
            raise ValueError(f"class indices must be 0 or 1, not {target.min()} to {target.max()}")
        return encode_values(target, outputs, dtype)

    def probabilities(self, prediction: Array) -> Array:
        if prediction.shape[-1] != 1:
            raise ValueError(f"two classes have one output, not {prediction.shape[-1]}")
        of_class_1 = sigmoid(prediction, aligned_like(prediction))
        of_class_0 = sigmoid(-prediction, aligned_like(prediction))
        return np.concatenate([of_class_0, of_class_1], axis=-1)

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
