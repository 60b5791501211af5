"""What the layers that normalize share: a learned scale and shift of every feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from gdrun.nn.initializers.constant import Ones, Zeros
from gdrun.nn.layer import Array, Parameter, Shape, Workspace
from gdrun.nn.product import bind_product


def scale_and_shift(input_shape: Shape, *, scale: bool, shift: bool) -> dict[str, Parameter]:
    """The parameters, one value each for a place on the last axis; penalties leave them alone."""
    chosen = {"scale": (scale, Ones()), "shift": (shift, Zeros())}
    return {
        name: Parameter(input_shape[-1:], 1, 1, initializer, is_weight=False)
        for name, (is_there, initializer) in chosen.items()
        if is_there
    }


def of_features(values: Array, axes: int) -> Array:
    """Values (runs, features) as a view (runs, 1, …, 1, features) with so many axes."""
    return values.reshape(len(values), *[1] * (axes - 2), values.shape[-1])


def bind_scale_and_shift(
    normalized: Array, y: Array, weights: Mapping[str, Array]
) -> tuple[Callable[[], None], Array | None]:
    """A function that computes y = scale·normalized + shift, and the scale in a shape that broadcasts.

    Args:
        normalized, y: (runs, batch, *shape, features).
        weights: of the layer.
    """
    scale, shift = (
        of_features(weights[name], y.ndim) if name in weights else None for name in ("scale", "shift")
    )

    def forward() -> None:
        if scale is None:
            np.copyto(y, normalized)
        else:
            np.multiply(normalized, scale, out=y)
        if shift is not None:
            np.add(y, shift, out=y)

    return forward, scale


def bind_sums(
    normalized: Array, upstream: Array, scratch: Array, gradients: Mapping[str, Array], workspace: Workspace
) -> Callable[[], None]:
    """A function that fills the gradients of scale and shift: Σ ∂L/∂y·normalized and Σ ∂L/∂y.

    Args:
        normalized: (runs, batch, *shape, features).
        upstream: likewise, ∂L/∂y.
        scratch: likewise, overwritten.
        gradients: of the layer's parameters.
        workspace: of the layer.
    """
    rows = workspace.batch * prod(normalized.shape[2:-1])
    over_rows = (workspace.runs, rows, normalized.shape[-1])
    ones = np.ones((1, 1, rows), workspace.dtype)
    sums = {
        name: bind_product(ones, source.reshape(over_rows), gradients[name][:, None, :])
        for name, source in (("scale", scratch), ("shift", upstream))
        if name in gradients
    }

    def fill() -> None:
        if "scale" in sums:
            np.multiply(upstream, normalized, out=scratch)
        for add_up in sums.values():
            add_up()

    return fill
