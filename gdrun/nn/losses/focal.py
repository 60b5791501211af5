"""The focal loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.component import NonNegative
from gdrun.nn.functions import number, softmax
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_classes, mean_of_rows


@dataclass(frozen=True)
class Focal(Loss):
    """Focal loss: the cross entropy with less weight on rows that are right already.

    Formula:
        p = softmax(z); L = −mean over rows of (1 − p_y)^γ·log p_y
        ∂L/∂z_c = (γ·(1 − p_y)^(γ−1)·p_y·log p_y − (1 − p_y)^γ)·(1[c = y] − p_c)/rows

    Options:
        gamma: γ, how fast the weight of right rows falls; 0 is the cross entropy.

    Variant:
        Softmax over all classes, without the paper's weights of the classes.

    Reference:
        Lin, Goyal, Girshick, He & Dollár, "Focal loss for dense object detection", ICCV 2017.
    """

    task: ClassVar[Task] = "classification"
    gamma: NonNegative = 2.0

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        return encode_classes(target, outputs)

    def probabilities(self, prediction: Array) -> Array:
        return softmax(prediction)

    def ranking(self, prediction: Array) -> Array:
        return prediction

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        z = prediction.astype(np.float64)
        right = encoded == np.arange(z.shape[-1])
        z -= z.max(axis=-1, keepdims=True)
        exponentials = np.exp(z)
        own = (exponentials * right).sum(axis=-1)
        others = (exponentials * ~right).sum(axis=-1)
        log_p = (z * right).sum(axis=-1) - np.log1p(others + (own - 1))
        return mean_of_rows(-((others / (others + own)) ** number(self.gamma, own)) * log_p)

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        batch, count = prediction.shape[-2:]
        classes, ones = np.arange(count), np.ones(count, prediction.dtype)
        gradient, scratch = aligned_like(prediction), aligned_like(prediction)
        right = aligned_like(prediction, bool)
        shape, dtype = prediction.shape[:-1], prediction.dtype
        log_p, own, others, total, slope = (np.empty(shape, dtype) for _ in range(5))
        one, scale = np.ones((), dtype), np.asarray(1 / batch, dtype)
        gamma, smallest = number(self.gamma, own), np.finfo(dtype).tiny

        def derive() -> Array:
            np.equal(encoded, classes, out=right)
            np.maximum.reduce(prediction, axis=-1, out=total)
            np.subtract(prediction, total[..., None], out=gradient)
            np.multiply(gradient, right, out=scratch)
            np.matmul(scratch, ones, out=log_p)
            np.exp(gradient, out=gradient)
            np.multiply(gradient, right, out=scratch)
            np.matmul(scratch, ones, out=own)
            np.subtract(gradient, scratch, out=gradient)
            np.matmul(gradient, ones, out=others)
            np.add(others, own, out=total)
            np.subtract(own, one, out=slope)  # 0 where the right class leads: then nothing is lost below
            np.add(others, slope, out=slope)
            np.log1p(slope, out=slope)
            np.subtract(log_p, slope, out=log_p)
            np.divide(own, total, out=own)  # p_y
            np.divide(others, total, out=others)  # 1 − p_y
            np.maximum(others, smallest, out=slope)
            np.divide(log_p, slope, out=slope)  # towards −1 where p_y comes close to 1
            np.multiply(slope, own, out=slope)
            np.multiply(slope, gamma, out=slope)
            np.subtract(slope, one, out=slope)
            np.power(others, gamma, out=log_p)
            np.multiply(slope, log_p, out=slope)
            np.multiply(slope, scale, out=slope)  # ∂L/∂log p_y
            np.multiply(slope, others, out=others)
            np.divide(slope, total, out=slope)
            np.multiply(gradient, slope[..., None], out=gradient)
            np.multiply(right, others[..., None], out=scratch)
            np.subtract(scratch, gradient, out=gradient)
            return gradient

        return derive
