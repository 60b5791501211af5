"""Layers that keep one value of each window of an image, or of the whole image.

A window is worked off along the lines first and then downwards, so that a value is looked at about once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from gdrun.arrays import aligned_copy, aligned_empty
from gdrun.nn.layer import Array, Bound, Layer, Shape, Workspace
from gdrun.nn.operations import Operation, in_order, on_buffer
from gdrun.nn.windows import Axis, Padding, Size, axes

_DOWN, _ACROSS = 2, 3  # axes of (runs, batch, height, width, channels)


@dataclass(frozen=True)
class MaxPool2d(Layer):
    """The largest value of each window of an image, channel by channel.

    Formula:
        y[p, q, c] = max over i, j < size of x[p·stride + i − before, q·stride + j − before, c],
        without what lies outside of the image; ∂L/∂x gets ∂L/∂y at the largest x of a window, the
        first one of equals line by line, and 0 at the others

    Options:
        size: height and width of the window, or [height, width].
        stride: from one window to the next, or [down, across]; null for the size, so that none overlap.
        padding: same for ⌈height/stride⌉ and ⌈width/stride⌉ windows, valid for whole windows only (what is
            left over right and below is dropped), or how far they reach beyond each side.

    Reference:
        Ranzato, Huang, Boureau & LeCun, "Unsupervised learning of invariant feature hierarchies with
        applications to object recognition", CVPR 2007.
    """

    takes_maxima: ClassVar[bool] = True
    size: Size = 2
    stride: Size | None = None
    padding: Padding = "valid"

    def output_shape(self, input_shape: Shape) -> Shape:
        return _output_shape(self, input_shape)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        height, width = _windows(self, x.shape[2:])
        lines, y = _buffers(x, height, width)
        copy_apart, seen = _apart(x, lines, width)
        below = [_part(lines, _DOWN, tap.inputs) for tap in height.taps()]
        along_lines, downwards = _largest(seen, lines, width, _ACROSS), _largest(below, y, height, _DOWN)
        forward = in_order([*copy_apart, *along_lines, *downwards])
        d_lines, dx = aligned_empty(lines.shape, x.dtype), aligned_empty(x.shape, x.dtype)

        def bind_backward(dy: Array) -> list[Operation]:
            to_lines = _to_the_largest(below, y, d_lines, dy, height, _DOWN)
            return [*to_lines, *_to_the_largest(seen, lines, dx, d_lines, width, _ACROSS)]

        go_back = on_buffer(bind_backward)

        def backward(dy: Array) -> Array:
            go_back(dy)
            return dx

        return Bound(y, forward, backward, overwritable=False)


@dataclass(frozen=True)
class AveragePool2d(Layer):
    """The mean of each window of an image, channel by channel.

    Formula:
        y[p, q, c] = mean over i, j < size of x[p·stride + i − before, q·stride + j − before, c];
        ∂L/∂x gets ∂L/∂y divided by the number of values, from every window that sees it

    Options:
        size: height and width of the window, or [height, width].
        stride: from one window to the next, or [down, across]; null for the size, so that none overlap.
        padding: same for ⌈height/stride⌉ and ⌈width/stride⌉ windows, valid for whole windows only (what is
            left over right and below is dropped), or how far they reach beyond each side.

    Variant:
        The mean of the values inside of the image alone, as in Keras; PyTorch counts zeros outside, unless
        `count_include_pad` is off.

    Reference:
        LeCun et al., "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86,
        1998.
    """

    size: Size = 2
    stride: Size | None = None
    padding: Padding = "valid"

    def output_shape(self, input_shape: Shape) -> Shape:
        return _output_shape(self, input_shape)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        height, width = _windows(self, x.shape[2:])
        lines, y = _buffers(x, height, width)
        share = (1 / np.outer(_counts(height), _counts(width))).astype(x.dtype)
        shares = aligned_copy(np.broadcast_to(share[..., None], y.shape[2:]))
        scale = partial(np.multiply, y, shares, out=y)
        forward = in_order([*_sum(x, lines, width, _ACROSS), *_sum(lines, y, height, _DOWN), scale])
        d_lines, dx = aligned_empty(lines.shape, x.dtype), aligned_empty(x.shape, x.dtype)

        def bind_backward(dy: Array) -> list[Operation]:
            to_lines = _to_all(d_lines, dy, height, _DOWN)
            to_x = _to_all(dx, d_lines, width, _ACROSS)
            return [partial(np.multiply, dy, shares, out=dy), *to_lines, *to_x]

        go_back = on_buffer(bind_backward)

        def backward(dy: Array) -> Array:
            go_back(dy)
            return dx

        return Bound(y, forward, backward)


@dataclass(frozen=True)
class GlobalAveragePool(Layer):
    """The mean of each channel over the whole image, or of each feature over the whole sequence.

    Formula:
        (height, width, channels) → (channels,), (time, features) → (features,):
        y_c = mean of all x_c; ∂L/∂x_c is ∂L/∂y_c divided by their number

    Reference:
        Lin, Chen & Yan, "Network in network", ICLR 2014, 3.2.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2:
            raise ValueError(
                f"global_average_pool takes images (height, width, channels) or sequences (time, features), "
                f"not rows of shape {input_shape}"
            )
        return input_shape[-1:]

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        places = x.reshape(*x.shape[:2], -1, x.shape[-1])
        total = aligned_empty((*x.shape[:2], x.shape[-1]), x.dtype)
        y = workspace.activations(x.shape[-1])[: len(x)]  # of one input for all runs there is one output
        share = np.asarray(1 / places.shape[2], x.dtype)
        dx = aligned_empty(places.shape, x.dtype)
        dx_as_x = dx.reshape(x.shape)

        def forward() -> None:
            np.add.reduce(places, axis=2, out=total)
            np.multiply(total, share, out=y)

        def backward(dy: Array) -> Array:
            np.multiply(dy[:, :, None], share, out=dx)
            return dx_as_x

        return Bound(y, forward, backward)


def _windows(layer: MaxPool2d | AveragePool2d, input_shape: Shape) -> tuple[Axis, Axis]:
    stride = layer.size if layer.stride is None else layer.stride
    return axes(input_shape, layer.size, stride, 1, layer.padding)


def _output_shape(layer: MaxPool2d | AveragePool2d, input_shape: Shape) -> Shape:
    if len(input_shape) != 3:
        raise ValueError(
            f"{layer.name} takes images (height, width, channels), not rows of shape {input_shape}"
        )
    both = _windows(layer, input_shape)
    for axis in both:
        if axis.before >= axis.window:
            raise ValueError(
                f"padding {axis.before} with size {axis.window} leaves windows without any value; it must be "
                "smaller than the size"
            )
    return (both[0].count, both[1].count, input_shape[-1])


def _buffers(x: Array, height: Axis, width: Axis) -> tuple[Array, Array]:
    """Uninitialised results for the windows along the lines, and for whole windows."""
    runs, batch, lines, _, channels = x.shape
    along = aligned_empty((runs, batch, lines, width.count, channels), x.dtype)
    return along, aligned_empty((runs, batch, height.count, width.count, channels), x.dtype)


def _part(array: Array, axis: int, part: slice) -> Array:
    return array[(slice(None),) * axis + (part,)]


def _pixels(array: Array) -> Array:
    """A view with one item for all channels of a pixel: apart, they take three times as long to copy."""
    if not array.flags.c_contiguous:
        return array
    return array.view(np.dtype((np.void, array.shape[-1] * array.itemsize)))[..., 0]


def _apart(x: Array, lines: Array, width: Axis) -> tuple[list[Operation], list[Array]]:
    """What every place of a window sees along the lines, each a contiguous copy where windows don't overlap.

    Everything that is done with pixels that lie apart is then done with pixels that lie beside each other.
    """
    taps = width.taps()
    if width.stride < width.window or width.padded:
        return [], [_part(x, _ACROSS, tap.inputs) for tap in taps]
    copies = [aligned_empty(lines.shape, x.dtype) for _ in taps]
    pixels = _pixels(x)
    sources = [_part(pixels, _ACROSS, tap.inputs) for tap in taps]
    targets = [_pixels(copy) if pixels.ndim < x.ndim else copy for copy in copies]
    return [partial(np.copyto, *both) for both in zip(targets, sources, strict=True)], copies


def _largest(seen: list[Array], y: Array, along: Axis, axis: int) -> list[Operation]:
    """y = the largest of what the places of every window along an axis see."""
    return _reduced(np.maximum, -np.inf, seen, y, along, axis)


def _sum(x: Array, y: Array, along: Axis, axis: int) -> list[Operation]:
    """y = the sum of every window along an axis."""
    return _reduced(np.add, 0, [_part(x, axis, tap.inputs) for tap in along.taps()], y, along, axis)


def _reduced(
    combine: np.ufunc, nothing: float, seen: list[Array], y: Array, along: Axis, axis: int
) -> list[Operation]:
    parts = [(_part(y, axis, tap.outputs), part) for tap, part in zip(along.taps(), seen, strict=True)]
    if along.padded:
        start: Operation = partial(y.fill, nothing)
    elif along.window == 1:
        start, parts = partial(np.copyto, y, seen[0]), []
    else:
        start, parts = partial(combine, seen[0], seen[1], out=y), parts[2:]
    return [start, *(partial(combine, of_y, of_x, out=of_y) for of_y, of_x in parts)]


def _to_the_largest(
    seen: list[Array], y: Array, dx: Array, dy: Array, along: Axis, axis: int
) -> list[Operation]:
    """dx = dy where the first of the largest of what a window sees is, else 0; dy is used up."""
    operations: list[Operation] = []
    overlap = along.stride < along.window
    if not along.tiles:
        operations.append(partial(dx.fill, 0))
    largest = np.empty(y.shape, bool)
    share = aligned_empty(y.shape, y.dtype)
    taps = along.taps()
    for number, (tap, x_part) in enumerate(zip(taps, seen, strict=True)):
        y_part, dy_part, mask = (_part(array, axis, tap.outputs) for array in (y, dy, largest))
        gets = _part(share, axis, tap.outputs)
        if number == len(taps) - 1 and not along.padded:
            gets = dy_part  # it has what the others have left
        else:
            operations += [
                partial(np.equal, x_part, y_part, out=mask),
                partial(np.multiply, dy_part, mask, out=gets),
                partial(np.subtract, dy_part, gets, out=dy_part),
            ]
        dx_part = _part(dx, axis, tap.inputs)
        if overlap:
            operations.append(partial(np.add, dx_part, gets, out=dx_part))
        elif gets.flags.c_contiguous:
            operations.append(partial(np.copyto, _part(_pixels(dx), axis, tap.inputs), _pixels(gets)))
        else:
            operations.append(partial(np.copyto, dx_part, gets))
    return operations


def _to_all(dx: Array, dy: Array, along: Axis, axis: int) -> list[Operation]:
    """dx = the sum of the dy of all windows along an axis that see it."""
    operations: list[Operation] = [] if along.tiles else [partial(dx.fill, 0)]
    for tap in along.taps():
        dx_part, dy_part = _part(dx, axis, tap.inputs), _part(dy, axis, tap.outputs)
        if along.tiles:
            operations.append(partial(np.copyto, dx_part, dy_part))
        else:
            operations.append(partial(np.add, dx_part, dy_part, out=dx_part))
    return operations


def _counts(along: Axis) -> Array:
    """How many values every window along an axis has."""
    counts = np.zeros(along.count)
    for tap in along.taps():
        counts[tap.outputs] += 1
    return counts
