"""The penalty that is added to the loss: large weights cost something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from gdrun.arrays import aligned_zeros
from gdrun.component import Component, NonNegative
from gdrun.optim.optimizer import Array, Float64
from gdrun.optim.slices import SLICE


@dataclass(frozen=True)
class Penalty(Component):
    """A price for large weights, added to the loss; biases are free.

    Formula:
        l1·Σ|w| + l2·Σw², its gradient l1·sign(w) + 2·l2·w, with sign(0) = 0

    Options:
        l1: price of each |w|; pulls small weights to about 0.
        l2: price of each w²; pulls weights in proportion to their size.

    Variant:
        As Keras' regularizers: no factor 1/2, so that with sgd l2 = λ/2 does what weight_decay = λ does to
        the weights. A parameter that is no weight (a bias) is left out, while weight_decay takes all.

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 7.1; Tibshirani, "Regression shrinkage and
        selection via the lasso", Journal of the Royal Statistical Society B 58, 1996.
    """

    l1: NonNegative = 0.0
    l2: NonNegative = 0.0

    def value(self, parameters: Array, weight_count: int) -> Float64:
        """The penalty of every run, (runs,).

        Args:
            parameters: (runs, parameters), the weights first.
            weight_count: how many columns are weights.
        """
        weights = parameters[:, :weight_count]
        absolute = np.array([np.abs(run).sum(dtype=np.float64) for run in weights])
        squared = np.array([np.square(run, dtype=np.float64).sum() for run in weights])
        l1, l2 = (np.broadcast_to(price, (len(weights), 1))[:, 0] for price in (self.l1, self.l2))
        value: Float64 = l1 * absolute + l2 * squared
        return value

    def bind(self, parameters: Array, gradients: Array, weight_count: int) -> Callable[[], None]:
        """A function that adds the penalty's gradient to the gradients.

        Args:
            parameters: (runs, parameters), the weights first; read anew at every call.
            gradients: (runs, parameters), changed in place.
            weight_count: how many columns are weights.
        """
        scratch = aligned_zeros((min(weight_count, SLICE),), parameters.dtype)
        passes: list[Callable[[], None]] = []
        for run in range(len(parameters)):
            l1, l2 = (np.broadcast_to(price, (len(parameters), 1))[run, 0] for price in (self.l1, self.l2))
            for start in range(0, weight_count, SLICE):
                part = slice(start, min(start + SLICE, weight_count))
                w, g = parameters[run, part], gradients[run, part]
                t = scratch[: len(w)]
                if l2:
                    passes.append(partial(_add_l2, w, g, np.array(2 * l2, w.dtype), t))
                if l1:
                    passes.append(partial(_add_l1, w, g, np.array(l1, w.dtype), t))

        def add() -> None:
            for add_part in passes:
                add_part()

        return add

    def add_gradient(self, parameters: Array, gradients: Array, weight_count: int) -> None:
        """Add the penalty's gradient once; in a loop, `bind` is faster."""
        self.bind(parameters, gradients, weight_count)()


def _add_l1(w: Array, g: Array, price: Array, t: Array) -> None:
    np.sign(w, out=t)
    np.multiply(t, price, out=t)
    np.add(g, t, out=g)


def _add_l2(w: Array, g: Array, price: Array, t: Array) -> None:
    np.multiply(w, price, out=t)
    np.add(g, t, out=g)
