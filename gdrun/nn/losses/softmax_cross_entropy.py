"""Softmax followed by the cross entropy: the usual loss for several classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Decay
from gdrun.nn.functions import softmax
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """Cross entropy between the target distribution and the softmax of the scores.

    Formula:
        p = softmax(z); L = −mean over rows of Σ_c y_c·log p_c; ∂L/∂z = (p − y)/rows
        y = (1 − s)·onehot + s/C with label smoothing s. Equal scores give ln C.

    Options:
        label_smoothing: s, the probability that is spread over all C classes.

    Variant:
        Scores are shifted by their maximum first, so that nothing overflows. Smoothing as in PyTorch: over
        all classes, the right one included.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 6.2.2; smoothing: Szegedy et al.,
        "Rethinking the Inception architecture for computer vision", CVPR 2016.
    """

    task: ClassVar[Task] = "classification"
    label_smoothing: Decay = 0.0

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        smoothed = np.full((len(target), outputs), self.label_smoothing / outputs)
        smoothed[np.arange(len(target)), target] += 1 - self.label_smoothing
        encoded: Array = smoothed.astype(dtype)
        return encoded

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        z = prediction - prediction.max(axis=-1, keepdims=True)
        log_sum = np.log(np.exp(z).sum(axis=-1, dtype=np.float64))
        mean: NDArray[np.float64] = (log_sum - np.multiply(z, encoded).sum(axis=-1, dtype=np.float64)).mean(
            axis=-1
        )
        return mean

    def probabilities(self, prediction: Array) -> Array:
        return softmax(prediction)

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        gradient = np.empty_like(prediction)
        batch, classes = prediction.shape[-2:]
        row = np.empty(prediction.shape[:-1], prediction.dtype)
        column = row[..., None]
        ones = np.ones(classes, prediction.dtype)
        scale = prediction.dtype.type(1 / batch)

        def derive() -> Array:
            np.maximum.reduce(prediction, axis=-1, out=row)
            np.subtract(prediction, column, out=gradient)
            np.exp(gradient, out=gradient)
            np.matmul(gradient, ones, out=row)  # the sum over classes
            np.divide(gradient, column, out=gradient)
            np.subtract(gradient, encoded, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
