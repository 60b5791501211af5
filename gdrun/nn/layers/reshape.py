"""Layers that only change the shape of a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.component import Count
from gdrun.nn.layer import Array, Bound, Layer, Shape, Workspace


@dataclass(frozen=True)
class Flatten(Layer):
    """Makes one row of features of an image or a sequence.

    Formula:
        (batch, *shape) → (batch, product of shape), the last axis running fastest

    Reference:
        Goodfellow, Bengio & Courville, "Deep Learning", 2016, 9.1.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        return (prod(input_shape),)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        return _bind_reshape(x, self.output_shape(x.shape[2:]), workspace)


@dataclass(frozen=True)
class Reshape(Layer):
    """Gives every row another shape of the same size.

    Formula:
        (batch, *input_shape) → (batch, *shape), the last axis running fastest in both

    Options:
        shape: of an output row.

    Reference:
        NumPy, `numpy.reshape` in C order.
    """

    shape: tuple[Count, ...]

    def output_shape(self, input_shape: Shape) -> Shape:
        if prod(self.shape) != prod(input_shape) or min(self.shape, default=1) < 1:
            raise ValueError(
                f"{prod(input_shape)} values of shape {input_shape} don't fill the shape {self.shape}; "
                f"its sizes must multiply to {prod(input_shape)}"
            )
        return self.shape

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        return _bind_reshape(x, self.shape, workspace)


def _bind_reshape(x: Array, shape: Shape, workspace: Workspace) -> Bound:
    """A view of the rows in another shape, or a copy where the memory layout asks for one."""
    as_view = x.flags.c_contiguous
    y = x.reshape(*x.shape[:2], *shape) if as_view else aligned_empty((*x.shape[:2], *shape), x.dtype)
    y_as_x = y.reshape(x.shape)
    dx = aligned_empty(x.shape, x.dtype)
    dx_as_y = dx.reshape(y.shape)

    def forward() -> None:
        if not as_view:
            np.copyto(y_as_x, x)

    def backward(dy: Array) -> Array:
        np.copyto(dx_as_y, dy)
        return dx

    return Bound(y, forward, backward, overwritable=workspace.overwritable or not as_view)
