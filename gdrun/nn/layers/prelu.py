"""The rectified linear unit whose slope is learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from gdrun.arrays import aligned_empty, aligned_like
from gdrun.nn.initializers.constant import Constant
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace, evaluate_only
from gdrun.nn.product import bind_product


@dataclass(frozen=True)
class Prelu(Layer):
    """Rectified linear unit that learns the slope of its negative side, one for every feature.

    Formula:
        y = x where x > 0, else a·x, with x (runs, batch, *shape, features) and a (runs, features)
        ∂L/∂x = ∂L/∂y·(1 where x > 0, else a, also at 0); ∂L/∂a = Σ ∂L/∂y·min(x, 0), over all other axes

    Options:
        initial_slope: a at the start.

    Variant:
        A slope for each place on the last axis: channel-wise, as in the paper and as PReLU in PyTorch with
        `num_parameters`. A layer of its own, since activations have no parameters; penalties leave a alone.

    Reference:
        He, Zhang, Ren & Sun, "Delving deep into rectifiers", ICCV 2015, 2.1.
    """

    initial_slope: float = 0.25

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        return {"slope": Parameter(input_shape[-1:], 1, 1, Constant(self.initial_slope), is_weight=False)}

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        runs, batch, features = workspace.runs, workspace.batch, x.shape[-1]
        slope = weights["slope"].reshape(runs, *[1] * (x.ndim - 2), features)
        y, positive, zero = workspace.like(x), aligned_like(x, bool), np.zeros((), x.dtype)

        def forward() -> None:
            np.multiply(x, slope, out=y)
            np.greater(x, zero, out=positive)
            np.copyto(y, x, where=positive)

        if not gradients:
            return Bound(y, forward, evaluate_only)

        each = aligned_empty((runs, batch, *x.shape[2:]), x.dtype)
        negative = aligned_like(x, bool)
        rows = batch * prod(x.shape[2:-1])
        ones = np.ones((1, 1, rows), x.dtype)
        total = bind_product(ones, each.reshape(runs, rows, features), gradients["slope"][:, None, :])

        def backward(dy: Array) -> Array:
            np.less_equal(x, zero, out=negative)
            np.multiply(dy, x, out=each)
            np.multiply(each, negative, out=each)
            total()
            np.multiply(dy, slope, out=each)
            np.copyto(dy, each, where=negative)
            return dy

        return Bound(y, forward, backward)
