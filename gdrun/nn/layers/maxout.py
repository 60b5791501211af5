"""The largest of several features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from gdrun.component import Ge
from gdrun.nn.layer import Array, Bound, Layer, Shape, Workspace


@dataclass(frozen=True)
class Maxout(Layer):
    """Takes the largest of every few features: after a dense layer, a unit that learns its own activation.

    Formula:
        y_j = max over i < pieces of x_{j·pieces + i}, on the last axis; ∂L/∂x is ∂L/∂y_j at the largest
        x of a group, the first one of equals, and 0 at the others

    Options:
        pieces: features in a group; so many times as many come in as go out.

    Variant:
        A layer of its own, since it changes the shape: `dense` with units·pieces units, then `maxout`.

    Reference:
        Goodfellow, Warde-Farley, Mirza, Courville & Bengio, "Maxout networks", ICML 2013.
    """

    pieces: Annotated[int, Ge(2)] = 2

    def output_shape(self, input_shape: Shape) -> Shape:
        *others, features = input_shape
        if features % self.pieces:
            raise ValueError(
                f"maxout takes the largest of every {self.pieces} features, and {features} is no multiple of "
                f"{self.pieces}: change the layer before it"
            )
        return (*others, features // self.pieces)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        shape = self.output_shape(x.shape[2:])
        y = workspace.activations(*shape)[: len(x)]  # of one input for all runs there is one output
        groups = x.reshape(*y.shape, self.pieces)

        def forward() -> None:
            np.maximum.reduce(groups, axis=-1, out=y)

        dx = workspace.like(x)
        gradient_groups = dx.reshape(*dx.shape[:2], *shape, self.pieces)
        largest = np.empty(y.shape, np.intp)
        chosen = np.empty(groups.shape, bool)
        pieces = np.arange(self.pieces)

        def backward(dy: Array) -> Array:
            np.argmax(groups, axis=-1, out=largest)
            np.equal(largest[..., None], pieces, out=chosen)
            np.multiply(dy[..., None], chosen, out=gradient_groups)
            return dx

        return Bound(y, forward, backward)
