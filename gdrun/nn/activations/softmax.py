"""The softmax function as an activation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Workspace


@dataclass(frozen=True)
class Softmax(Activation):
    """Softmax: the features of a row compete for shares that are positive and sum to 1.

    Formula:
        y_i = exp(x_i)/Σ_j exp(x_j); ∂L/∂x_i = y_i·(∂L/∂y_i − Σ_j y_j·∂L/∂y_j), j over the last axis

    Variant:
        For hidden layers, as in attention and mixtures: the losses for classes take scores and apply it
        themselves. Inputs are shifted by their maximum first, so that nothing overflows.

    Reference:
        Bridle, "Probabilistic interpretation of feedforward classification network outputs", in
        Neurocomputing, NATO ASI Series F 68, 1990.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        y, scratch = workspace.over(x), aligned_like(x)
        row = np.empty(x.shape[:-1], x.dtype)
        column, ones = row[..., None], np.ones(x.shape[-1], x.dtype)

        def forward() -> None:
            np.maximum.reduce(x, axis=-1, out=row)
            np.subtract(x, column, out=y)
            np.exp(y, out=y)
            np.matmul(y, ones, out=row)
            np.divide(y, column, out=y)

        def backward(dy: Array) -> Array:
            np.multiply(dy, y, out=scratch)
            np.matmul(scratch, ones, out=row)
            np.subtract(dy, column, out=dy)
            return np.multiply(dy, y, out=dy)

        return Bound(y, forward, backward, overwritable=False)
