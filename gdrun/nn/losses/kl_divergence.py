"""The Kullback–Leibler divergence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_like
from gdrun.component import Decay
from gdrun.nn.functions import number, softmax
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss, Task, encode_classes, mean_of_rows


@dataclass(frozen=True)
class KlDivergence(Loss):
    """Kullback–Leibler divergence of the softmax of the scores from the target distribution.

    Formula:
        p = softmax(z); L = mean over rows of Σ_c y_c·log(y_c/p_c), 0·log 0 = 0; ∂L/∂z = (p − y)/rows
        y = (1 − s)·target + s/C with label smoothing s. 0 where p = y.

    Options:
        label_smoothing: s, the probability that is spread over all C classes.

    Variant:
        The mean over rows, "batchmean" in PyTorch, of scores, not of logarithms. It is the cross entropy less
        the entropy of the target: the same gradient, and the same value for classes without smoothing. In
        Python the targets may also be distributions (rows, classes).

    Reference:
        Kullback & Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22, 1951.
    """

    task: ClassVar[Task] = "classification"
    label_smoothing: Decay = 0.0

    def encode(self, target: NDArray[Any], outputs: int, dtype: np.dtype[Any]) -> Array:
        if target.ndim == 1:
            one_hot: Array = (encode_classes(target, outputs) == np.arange(outputs)).astype(dtype)
            return one_hot
        if target.shape[1:] != (outputs,):
            raise ValueError(f"the target must have shape (rows, {outputs}), not {target.shape}")
        if not ((target >= 0).all() and np.allclose(target.sum(axis=-1), 1, rtol=0, atol=1e-5)):
            raise ValueError("every row of the target must be a distribution: not negative, and 1 in all")
        distribution: Array = target.astype(dtype)
        return distribution

    def probabilities(self, prediction: Array) -> Array:
        return softmax(prediction)

    def ranking(self, prediction: Array) -> Array:
        return prediction

    def value(self, prediction: Array, encoded: Array) -> NDArray[np.float64]:
        log_p = prediction.astype(np.float64)
        log_p -= log_p.max(axis=-1, keepdims=True)
        log_p -= np.log(np.exp(log_p).sum(axis=-1, keepdims=True))
        smoothing = number(self.label_smoothing, log_p)
        wanted = encoded * (1 - smoothing) + smoothing / log_p.shape[-1]
        log_wanted = np.log(np.where(wanted > 0, wanted, 1))
        return mean_of_rows((wanted * (log_wanted - log_p)).sum(axis=-1))

    def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
        batch, count = prediction.shape[-2:]
        ones = np.ones(count, prediction.dtype)
        gradient, wanted = aligned_like(prediction), aligned_like(prediction)
        row = np.empty(prediction.shape[:-1], prediction.dtype)
        column, scale = row[..., None], np.asarray(1 / batch, prediction.dtype)
        smoothing = number(self.label_smoothing, prediction)
        kept, spread = 1 - smoothing, smoothing / count

        def derive() -> Array:
            np.maximum.reduce(prediction, axis=-1, out=row)
            np.subtract(prediction, column, out=gradient)
            np.exp(gradient, out=gradient)
            np.matmul(gradient, ones, out=row)
            np.divide(gradient, column, out=gradient)
            np.multiply(encoded, kept, out=wanted)
            np.add(wanted, spread, out=wanted)
            np.subtract(gradient, wanted, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            return gradient

        return derive
