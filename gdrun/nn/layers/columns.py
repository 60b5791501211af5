"""The passes of a convolution: columns of windows, one product with the kernels, and the way back.

The windows of some images are copied, one under the other, into a column buffer, and one product with the
kernels gives all their outputs. Columns of a whole batch would take many times the memory of the batch and
leave every cache. So it is worked off in chunks of at most `COLUMN_BYTES`, and the backward pass gathers the
columns again: copying them inside the cache takes less time than fetching them from memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from gdrun.arrays import aligned_empty, aligned_zeros
from gdrun.nn.activation import Activation
from gdrun.nn.layer import Array, Bound, Shape, Workspace, evaluate_only
from gdrun.nn.layers.convolution import Chunk, Convolution, chunks
from gdrun.nn.operations import Operation, in_order, on_buffer
from gdrun.nn.product import bind_product
from gdrun.nn.windows import each_place, windows


def bind_convolution(
    of: Convolution,
    activation: Activation,
    output_shape: Shape,
    x: Array,
    weights: Mapping[str, Array],
    gradients: Mapping[str, Array],
    workspace: Workspace,
) -> Bound:
    """The convolution y = a(x ∗ W + b), bound as a layer is.

    Args:
        of: its shapes.
        activation: a.
        output_shape: of a row: that of an image, or of a sequence.
        x, weights, gradients, workspace: as for `Layer.bind`, with "weight" (runs, *kernel, channels/groups,
            filters) and perhaps "bias" (runs, filters).
    """
    dx = workspace.like(x) if gradients and workspace.input_gradient else None
    z = workspace.activations(*output_shape)
    workspace.overwritable = True  # nothing below reads z
    y, activate, derive, overwritable = activation.bind(z, workspace)
    passes = _Passes(of, _as_images(x), weights, workspace)
    forward = in_order([*passes.forward(_as_images(z)), activate])
    if not gradients:
        return Bound(y, forward, evaluate_only, overwritable)

    images = None if dx is None else _as_images(dx)
    go_back = on_buffer(lambda dz: passes.backward(_as_images(dz), gradients, images))

    def backward(dy: Array) -> Array | None:
        dz = derive(dy)
        if dz is not None:
            go_back(dz)
        return dx

    return Bound(y, forward, backward, overwritable)


def _as_images(rows: Array) -> Array:
    """A view of sequences (runs, batch, time, features) as images of height 1; images as they are."""
    return rows if rows.ndim == 5 else rows[:, :, None]


class _Passes:
    """The operations of the forward and the backward pass, chunk by chunk, on buffers that chunks share."""

    def __init__(self, of: Convolution, x: Array, weights: Mapping[str, Array], workspace: Workspace) -> None:
        self.of = of
        self.x = x
        self.workspace = workspace
        runs, groups = workspace.runs, of.groups
        inputs, outputs = of.channels // groups, of.filters // groups
        self.bias = weights.get("bias")
        # (runs, groups, inputs, outputs), and of each tap (runs, groups, taps, outputs, channels)
        self.kernels = self._by_group(weights["weight"])
        self.kernels_back = (
            weights["weight"].reshape(runs, of.taps, inputs, groups, outputs).transpose(0, 3, 1, 4, 2)
        )
        shared = len(x) < runs  # one input for all runs: its columns are gathered once for all
        self.chunks = chunks(of, 1 if shared else runs, workspace.batch, workspace.dtype.itemsize)
        if shared:
            self.chunks = [chunk._replace(runs=slice(0, runs)) for chunk in self.chunks]
        largest = self.chunks[0]
        shape = (1 if shared else largest.runs.stop, largest.images.stop, *of.padded_shape)
        self.padded = aligned_zeros(shape, workspace.dtype) if of.padded else None
        self.weight = weights["weight"]

    def forward(self, z: Array) -> list[Operation]:
        """z = x ∗ W + b."""
        operations = list[Operation]()
        if self.bias is not None:  # added by whole lines: additions of a few filters each are slow
            line = aligned_empty((len(z), 1, 1, *z.shape[3:]), z.dtype)
            operations.append(partial(np.copyto, line, self.bias[:, None, None, None]))
        for chunk in self.chunks:
            gather, columns = self._gather(chunk)
            operations += gather
            operations.append(_product(columns, self.kernels[chunk.runs], self._positions(z, chunk)))
            if self.bias is not None:
                part = z[chunk]
                operations.append(partial(np.add, part, line[chunk.runs], out=part))
        return operations

    def backward(self, dz: Array, gradients: Mapping[str, Array], dx: Array | None) -> list[Operation]:
        """∂L/∂W, ∂L/∂b and ∂L/∂x of dz = ∂L/∂z."""
        operations: list[Operation] = []
        if not dz.flags.c_contiguous:
            copy = aligned_empty(dz.shape, dz.dtype)
            operations.append(partial(np.copyto, copy, dz))
            dz = copy
        if self.bias is not None:
            operations += self._bias_gradient(dz, gradients["bias"])
        slopes = self._by_group(gradients["weight"])
        by_line = dx is not None and self.of.back_by_line
        if by_line:
            operations.append(self._bind_lines())
        for chunk in self.chunks:
            gather, columns = self._gather(chunk)
            operations += gather
            slope, of_chunk = slopes[chunk.runs], self._positions(dz, chunk)
            first = chunk.images.start == chunk.lines.start == 0
            part = slope if first else self.workspace.scratch("slope", *slope.shape)
            operations.append(_product(columns.swapaxes(-1, -2), of_chunk, part))
            if not first:
                operations.append(partial(np.add, slope, part, out=slope))
            if dx is not None and by_line:
                operations += self._input_gradient_by_line(chunk, dz[chunk], dx)
            elif dx is not None:
                operations += self._input_gradient(chunk, of_chunk, dx)
        return operations

    def _by_group(self, kernels: Array) -> Array:
        """A view (runs, groups, inputs, outputs) of kernels."""
        of = self.of
        return kernels.reshape(len(kernels), of.inputs, of.groups, -1).transpose(0, 2, 1, 3)

    def _positions(self, z: Array, chunk: Chunk) -> Array:
        """A view (runs, groups, positions, outputs) of the outputs of a chunk, or of their gradients."""
        part = z[chunk]
        return part.reshape(len(part), -1, self.of.groups, part.shape[-1] // self.of.groups).swapaxes(1, 2)

    def _source(self, chunk: Chunk) -> tuple[slice, slice]:
        """Where the images of a chunk are in x."""
        return (chunk.runs if len(self.x) == self.workspace.runs else slice(0, 1)), chunk.images

    def _gather(self, chunk: Chunk) -> tuple[list[Operation], Array]:
        """Operations that fill the column buffer, and the columns (runs, groups, positions, inputs)."""
        of = self.of
        images, operations = self.x[self._source(chunk)], list[Operation]()
        if self.padded is not None:
            padded = self.padded[: images.shape[0], : images.shape[1]]
            if chunk.lines.start == 0:
                operations.append(partial(np.copyto, of.interior(padded), images))
            images = padded
        if of.channels == of.groups:
            gather, columns = self._gather_lines(chunk, images)
            return [*operations, *gather], columns
        seen = windows(images, of.height, of.width)[:, :, chunk.lines]
        seen = seen.reshape(*seen.shape[:-1], of.groups, -1)  # runs, images, lines, across, taps, taps, g, c
        seen = seen.transpose(0, 6, 1, 2, 3, 4, 5, 7)
        columns = self.workspace.scratch("columns", *seen.shape)
        operations.append(partial(np.copyto, columns, seen))
        return operations, columns.reshape(len(seen), of.groups, -1, of.inputs)

    def _gather_lines(self, chunk: Chunk, images: Array) -> tuple[list[Operation], Array]:
        """The same where a group has one channel: its values lie apart, but neighbours in a line together.

        A line is copied once for each place across a window. What the windows of an image see through one of
        their places is then in one piece.
        """
        of = self.of
        down = replace(of.height, count=chunk.lines.stop - chunk.lines.start)
        first = chunk.lines.start * down.stride
        images = images[:, :, first : first + down.seen]
        moved = windows(images, each_place(down.seen), of.width)[..., 0, :, :]
        moved = moved.transpose(0, 5, 4, 1, 2, 3)  # runs, channels, taps across, images, lines, across
        runs, channels, taps, some, lines, across = moved.shape
        copies = self.workspace.scratch("lines", *moved.shape)
        apart = copies.reshape(runs, channels * taps * some, lines, across, 1)
        seen = windows(apart, down, each_place(across))
        seen = seen.reshape(runs, channels, taps, some, down.count, across, down.window)
        seen = seen.transpose(0, 1, 6, 2, 3, 4, 5)
        columns = self.workspace.scratch("columns", *seen.shape)
        gather: list[Operation] = [partial(np.copyto, copies, moved), partial(np.copyto, columns, seen)]
        return gather, columns.reshape(runs, channels, of.taps, -1).swapaxes(-1, -2)

    def _input_gradient(self, chunk: Chunk, of_chunk: Array, dx: Array) -> list[Operation]:
        """∂L/∂x of the windows of a chunk: a product a tap, added to where the tap looks."""
        of = self.of
        images = dx[chunk.runs, chunk.images]
        sums = self.workspace.scratch("sums", *images.shape[:2], *of.padded_shape) if of.padded else images
        seen = windows(sums, of.height, of.width)[:, :, chunk.lines]
        seen = seen.reshape(*seen.shape[:-1], of.groups, -1)
        runs, some, lines, across = seen.shape[:4]
        products = self.workspace.scratch(
            "columns", runs, of.groups, of.taps, some * lines * across, seen.shape[-1]
        )
        operations: list[Operation] = []
        if chunk.lines.start == 0:
            operations.append(partial(sums.fill, 0))
        operations.append(
            partial(np.matmul, of_chunk[:, :, None], self.kernels_back[chunk.runs], out=products)
        )
        by_tap = products.reshape(runs, of.groups, *seen.shape[4:6], some, lines, across, -1)
        for tap in np.ndindex(*seen.shape[4:6]):
            target, addend = seen[:, :, :, :, *tap], np.moveaxis(by_tap[:, :, *tap], 1, -2)
            operations.append(partial(np.add, target, addend, out=target))
        if of.padded and chunk.lines.stop == of.height.count:
            operations.append(partial(np.copyto, images, of.interior(sums)))
        return operations

    def _bind_lines(self) -> Operation:
        """Make the buffers for gradients by line; returns the operation that turns the kernels around."""
        of, dtype = self.of, self.workspace.dtype
        runs, images, lines = (part.stop for part in self.chunks[0])
        beyond = of.width.span - 1
        self.wide = aligned_zeros((runs, images, lines, of.width.count + 2 * beyond, of.filters), dtype)
        shape = (of.height.window, of.width.window, of.filters, of.channels)
        turned = aligned_empty((self.workspace.runs, *shape), dtype)
        self.turned = turned.reshape(len(turned), of.height.window, -1, of.channels)
        kernels = self.weight.reshape(len(turned), *shape[:2], of.channels, of.filters)
        return partial(np.copyto, turned, kernels[:, :, ::-1].swapaxes(-1, -2))

    def _input_gradient_by_line(self, chunk: Chunk, dz: Array, dx: Array) -> list[Operation]:
        """∂L/∂x of the windows of a chunk: a convolution of every line of ∂L/∂z, and a sum over the lines."""
        of = self.of
        images = dx[chunk.runs, chunk.images]
        sums = self.workspace.scratch("sums", *images.shape[:2], *of.padded_shape) if of.padded else images
        runs, some, lines, across, _ = dz.shape
        wide, beyond = self.wide[:runs, :some, :lines], of.width.span - 1
        seen = windows(wide, each_place(lines), replace(of.width, count=of.width.seen))
        columns = self.workspace.scratch("columns", *seen.shape)
        places = some * lines * of.width.seen
        products = self.workspace.scratch("products", runs, of.height.window, places, of.channels)
        matrix = columns.reshape(runs, 1, places, -1)
        operations: list[Operation] = [partial(sums.fill, 0)] if chunk.lines.start == 0 else []
        operations += [
            partial(np.copyto, wide[:, :, :, beyond : beyond + across], dz),
            partial(np.copyto, columns, seen),
            partial(np.matmul, matrix, self.turned[chunk.runs], out=products),
        ]
        by_line = products.reshape(runs, of.height.window, some, lines, of.width.seen, of.channels)
        first, step = chunk.lines.start * of.height.stride, of.height.stride
        for tap in range(of.height.window):
            start = first + tap * of.height.dilation
            target = sums[:, :, start : start + (lines - 1) * step + 1 : step, : of.width.seen]
            operations.append(partial(np.add, target, by_line[:, tap], out=target))
        if of.padded and chunk.lines.stop == of.height.count:
            operations.append(partial(np.copyto, images, of.interior(sums)))
        return operations

    def _bias_gradient(self, dz: Array, gradient: Array) -> list[Operation]:
        """∂L/∂b: sums over lines, then along them; a product is the fastest way to a sum."""
        runs, batch, down, across, filters = dz.shape
        line = aligned_empty((runs, 1, across * filters), dz.dtype)
        downwards = np.ones((1, 1, batch * down), dz.dtype)
        along = np.ones((1, 1, across), dz.dtype)
        return [
            bind_product(downwards, dz.reshape(runs, batch * down, across * filters), line),
            bind_product(along, line.reshape(runs, across, filters), gradient[:, None, :]),
        ]


def _product(a: Array, b: Array, out: Array) -> Operation:
    """out = a·b of every run and group."""
    if a.shape[1] == 1:
        return bind_product(a[:, 0], b[:, 0], out[:, 0])
    return partial(np.matmul, a, b, out=out)
