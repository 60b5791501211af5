"""What the layers that normalize share: a learned scale and shift of every feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import prod

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.nn.initializers.constant import Ones, Zeros
from gdrun.nn.layer import Array, Parameter, Shape, Workspace
from gdrun.nn.product import bind_product

_WIDTH = 512  # values


def scale_and_shift(input_shape: Shape, *, scale: bool, shift: bool) -> dict[str, Parameter]:
    """The parameters, one value each for a place on the last axis; penalties leave them alone."""
    chosen = {"scale": (scale, Ones()), "shift": (shift, Zeros())}
    return {
        name: Parameter(input_shape[-1:], 1, 1, initializer, is_weight=False)
        for name, (is_there, initializer) in chosen.items()
        if is_there
    }


def in_blocks(buffer: Array) -> tuple[Array, int]:
    """A buffer (runs, batch, *shape, features) as (runs, rows, times·features), and these times.

    A pass with one value a feature is several times slower over a short last axis than over one that holds
    the features several times.
    """
    runs, features = len(buffer), buffer.shape[-1]
    rows = prod(buffer.shape[1:-1])
    times = times_that_fit(rows, features) if buffer.flags.c_contiguous else 1
    return buffer.reshape(runs, rows // times, times * features), times


def times_that_fit(rows: int, features: int) -> int:
    """How many rows make one of about 512 values, all of the same number."""
    most = max(1, _WIDTH // features)
    return max(times for times in range(1, most + 1) if rows % times == 0)


def bind_spread(values: Array, times: int) -> tuple[Array, Callable[[], object]]:
    """An array (…, times·features) for values (…, features), and a function that writes them into it."""
    if times == 1:
        return values, _nothing
    wide = aligned_empty((*values.shape[:-1], times * values.shape[-1]), values.dtype)
    places = wide.reshape(*values.shape[:-1], times, values.shape[-1])
    return wide, partial(np.copyto, places, values[..., None, :])


def _nothing() -> None:
    pass


def bind_scale_and_shift(
    normalized: Array, y: Array, weights: Mapping[str, Array]
) -> tuple[Callable[[], None], Array | None]:
    """A function that computes y = scale·normalized + shift, and the scale as `in_blocks` has the features.

    Args:
        normalized, y: (runs, batch, *shape, features), laid out alike.
        weights: of the layer.
    """
    (before, times), (after, _) = in_blocks(normalized), in_blocks(y)
    scale, spread_scale = (
        bind_spread(weights["scale"][:, None], times) if "scale" in weights else (None, _nothing)
    )
    shift, spread_shift = (
        bind_spread(weights["shift"][:, None], times) if "shift" in weights else (None, _nothing)
    )

    def forward() -> None:
        spread_scale()
        spread_shift()
        if scale is not None:
            np.multiply(before, scale, out=after)
        elif normalized is not y:
            np.copyto(after, before)
        if shift is not None:
            np.add(after, shift, out=after)

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
