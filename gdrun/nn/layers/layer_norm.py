"""Layer normalization and its relatives: each row for itself, so that batches don't matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.component import Count, Positive
from gdrun.nn.functions import number
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace, evaluate_only
from gdrun.nn.layers.scale_and_shift import (
    bind_scale_and_shift,
    bind_spread,
    bind_sums,
    in_blocks,
    scale_and_shift,
    times_that_fit,
)
from gdrun.nn.product import bind_product


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Gives the features of every row mean 0 and variance 1, then a learned scale and shift.

    Formula:
        y = scale·x̂ + shift, x̂ = (x − μ)/√(σ² + eps), with x (runs, batch, *shape, features)
        and mean μ and variance σ² over the last axis. Backward, with δ = scale·∂L/∂y:
        ∂L/∂scale = Σ ∂L/∂y·x̂, ∂L/∂shift = Σ ∂L/∂y
        ∂L/∂x = (δ − mean(δ) − x̂·mean(δ·x̂))/√(σ² + eps), with means over the last axis

    Options:
        eps: added to the variance.
        scale, shift: whether these parameters are there; they start at 1 and 0.

    Variant:
        Each time of a sequence and each pixel of an image is normalized for itself, as in Keras and as in
        PyTorch with `normalized_shape` = features. The variance divides by the number of features. Penalties
        leave scale and shift alone.

    Reference:
        Ba, Kiros & Hinton, "Layer normalization", arXiv 1607.06450, 2016.
    """

    eps: Positive = 1e-5
    scale: bool = True
    shift: bool = True

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        return scale_and_shift(input_shape, scale=self.scale, shift=self.shift)

    def kept(self, input_shape: Shape) -> int:
        return 3 * prod(input_shape)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        return bind_normalization(x, (1, 1), weights, gradients, workspace, eps=self.eps, centered=True)


@dataclass(frozen=True)
class GroupNorm(Layer):
    """Gives every group of channels of a row mean 0 and variance 1, then a learned scale and shift.

    Formula:
        y = scale·x̂ + shift, x̂ = (x − μ)/√(σ² + eps), with x (runs, batch, *shape, channels)
        and mean μ and variance σ² over all of shape and the channels of a group
        ∂L/∂x as for `layer_norm`, with means over the same values

    Options:
        groups: so many groups of neighbouring channels, of one size.
        eps: added to the variance.
        scale, shift: whether these parameters, one value a channel, are there; they start at 1 and 0.

    Variant:
        With one group all values of a row are normalized together; with as many as channels it is instance
        normalization. The variance divides by the number of values. Penalties leave scale and shift alone.

    Reference:
        Wu & He, "Group normalization", ECCV 2018.
    """

    groups: Count
    eps: Positive = 1e-5
    scale: bool = True
    shift: bool = True

    def output_shape(self, input_shape: Shape) -> Shape:
        channels = input_shape[-1]
        if channels % self.groups:
            raise ValueError(
                f"{channels} channels cannot be dealt out to {self.groups} groups of one size; "
                f"take a number of groups that divides {channels}"
            )
        return input_shape

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        return scale_and_shift(input_shape, scale=self.scale, shift=self.shift)

    def kept(self, input_shape: Shape) -> int:
        return 3 * prod(input_shape)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        parts = (prod(x.shape[2:-1]), self.groups)
        return bind_normalization(x, parts, weights, gradients, workspace, eps=self.eps, centered=True)


@dataclass(frozen=True)
class RmsNorm(Layer):
    """Gives the features of every row a mean square of 1, then a learned scale.

    Formula:
        y = scale·x̂ + shift, x̂ = x/√(mean(x²) + eps), with x (runs, batch, *shape, features)
        and the mean over the last axis
        ∂L/∂x = (δ − x̂·mean(δ·x̂))/√(mean(x²) + eps), with δ = scale·∂L/∂y

    Options:
        eps: added to the mean square.
        scale, shift: whether these parameters are there; they start at 1 and 0.

    Variant:
        No mean is subtracted. `eps` is 1e-6 as in Keras; PyTorch takes the machine epsilon. A shift, which
        the paper leaves out, is there if it is asked for. Penalties leave both alone.

    Reference:
        Zhang & Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """

    eps: Positive = 1e-6
    scale: bool = True
    shift: bool = False

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        return scale_and_shift(input_shape, scale=self.scale, shift=self.shift)

    def kept(self, input_shape: Shape) -> int:
        return 3 * prod(input_shape)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        return bind_normalization(x, (1, 1), weights, gradients, workspace, eps=self.eps, centered=False)


def bind_normalization(
    x: Array,
    parts: tuple[int, int],
    weights: Mapping[str, Array],
    gradients: Mapping[str, Array],
    workspace: Workspace,
    *,
    eps: float,
    centered: bool,
) -> Bound:
    """Bind a normalization over parts of each row, with scale and shift where they are among the weights.

    Args:
        x: (runs or 1, batch, *shape, features).
        parts: places of a row that are normalized together (neighbours in row order), and groups that the
            features are dealt out to.
        weights, gradients, workspace: as for a layer.
        eps: added to the mean square.
        centered: whether the mean is subtracted first.
    """
    runs, features = workspace.runs, x.shape[-1]
    places, groups = parts
    shape = (runs, workspace.batch, *x.shape[2:])
    normalized, y, each = (aligned_empty(shape, x.dtype) for _ in range(3))
    rows = prod(shape[1:-1]) // places
    # One value for all of a row, or one a feature, which is then repeated for several places at once.
    width, times = (1, places) if groups == 1 else (features, times_that_fit(places, features))
    by_rows = (runs, rows, places // times, times * features)
    own, own_each = normalized.reshape(by_rows), each.reshape(by_rows)
    mean, inverse = (aligned_empty((runs, rows, 1, width), x.dtype) for _ in range(2))
    wide_mean, spread_mean = bind_spread(mean, 1 if width == 1 else times)
    wide_inverse, spread_inverse = bind_spread(inverse, 1 if width == 1 else times)
    epsilon = number(eps, inverse)
    average_normalized = _bind_average(normalized, places, groups, mean)
    average_squares = _bind_average(each, places, groups, inverse)
    apply_weights, scale = bind_scale_and_shift(normalized, y, weights)

    def forward() -> None:
        np.copyto(normalized, x)
        if centered:
            average_normalized()
            spread_mean()
            np.subtract(own, wide_mean, out=own)
        np.multiply(normalized, normalized, out=each)
        average_squares()
        np.add(inverse, epsilon, out=inverse)
        np.sqrt(inverse, out=inverse)
        np.reciprocal(inverse, out=inverse)
        spread_inverse()
        np.multiply(own, wide_inverse, out=own)
        apply_weights()

    if not workspace.training:
        return Bound(y, forward, evaluate_only)

    delta = aligned_empty(shape, x.dtype)
    own_delta, (blocks_of_delta, _) = delta.reshape(by_rows), in_blocks(delta)
    average_delta = _bind_average(delta, places, groups, mean)
    average_product = _bind_average(each, places, groups, mean)
    fill_gradients = bind_sums(normalized, delta, each, gradients, workspace)

    def backward(dy: Array) -> Array:
        np.copyto(delta, dy)
        fill_gradients()
        if scale is not None:
            np.multiply(blocks_of_delta, scale, out=blocks_of_delta)
        np.multiply(delta, normalized, out=each)
        average_product()
        spread_mean()
        np.multiply(own, wide_mean, out=own_each)
        if centered:
            average_delta()
            spread_mean()
            np.subtract(own_delta, wide_mean, out=own_delta)
        np.subtract(delta, each, out=delta)
        np.multiply(own_delta, wide_inverse, out=own_delta)
        return delta

    return Bound(y, forward, backward)


def _bind_average(values: Array, places: int, groups: int, out: Array) -> Callable[[], None]:
    """A function that writes the mean over places and the features of each group, by two products.

    Args:
        values: (runs, …, features), in row order.
        places: rows of it that belong together.
        groups: that the features are dealt out to.
        out: (runs, rows/places, 1, 1), or with features on the last axis, each of which gets its group's.
    """
    runs, rows, _, width = out.shape
    features = values.shape[-1]
    size = features // groups
    over = values.reshape(runs, rows, places, features)
    total = out.reshape(runs, rows, width)
    belongs = np.kron(np.eye(groups), np.ones((size, 1 if width == 1 else size))) / (places * size)
    belongs = belongs.astype(values.dtype)[None]
    ones = np.ones((1, 1, 1, places), values.dtype)
    summed = over if places == 1 else aligned_empty((runs, rows, 1, features), values.dtype)
    features_of_rows = summed.reshape(runs, rows, features)
    multiply = partial(np.matmul, ones, over, out=summed) if places > 1 else None
    average = bind_product(features_of_rows, belongs, total)

    def forward() -> None:
        if multiply is not None:
            multiply()
        average()

    return forward
