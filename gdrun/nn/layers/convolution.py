"""The shapes of a convolution, of images or of sequences, and the chunks in which it is worked off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, prod
from typing import NamedTuple, Protocol

from gdrun.nn.initializer import Initializer
from gdrun.nn.layer import Array, Parameter, Shape
from gdrun.nn.windows import Axis

COLUMN_BYTES = 1 << 19  # of the column buffer; or one line of windows, where that is more


@dataclass(frozen=True)
class Convolution:
    """The shapes of a convolution of images (height, width, channels); a sequence is an image of height 1.

    Attributes:
        height, width: the windows.
        channels, filters: of input and output.
        groups: into which both are split; the filters of a group see its channels alone.
    """

    height: Axis
    width: Axis
    channels: int
    filters: int
    groups: int

    @property
    def taps(self) -> int:
        """Places of a window."""
        return self.height.window * self.width.window

    @property
    def inputs(self) -> int:
        """Values that one output is computed from."""
        return self.taps * self.channels // self.groups

    @property
    def output_shape(self) -> Shape:
        return (self.height.count, self.width.count, self.filters)

    @property
    def padded_shape(self) -> Shape:
        """Of the images that windows are taken from."""
        return (self.height.padded_size, self.width.padded_size, self.channels)

    @property
    def padded(self) -> bool:
        """Whether windows reach beyond the images."""
        return self.height.padded or self.width.padded

    @property
    def back_by_line(self) -> bool:
        """Whether the input gradient is best computed as a convolution of lines, rather than tap by tap.

        That takes fewer and longer additions, but columns of the output gradient: no more than those of x.
        """
        across = self.width.seen * self.filters
        along = self.width.count * self.channels * self.height.window
        return self.groups == self.width.stride == 1 and across <= along

    def interior(self, padded: Array) -> Array:
        """The images (…, height, width, channels) in padded ones."""
        top, left = self.height.before, self.width.before
        return padded[..., top : top + self.height.size, left : left + self.width.size, :]

    @property
    def multiplications(self) -> int:
        """Of one image."""
        return self.height.count * self.width.count * self.filters * self.inputs

    def scratch(self, batch: int, itemsize: int) -> int:
        """Values of working memory, for any number of runs."""
        chunk = chunks(self, 1, batch, itemsize)[0]
        images, lines = int(chunk.images.stop), int(chunk.lines.stop)
        columns = images * lines * self.width.count * self.inputs * self.groups
        padded = 2 * self.padded * images * prod(self.padded_shape)
        if self.channels == self.groups:  # lines that columns are made of
            seen = replace(self.height, count=lines).seen
            columns += images * seen * self.width.count * self.width.window * self.channels
        back = images * lines * self.width.seen * (2 * self.filters + self.height.window * self.channels)
        return columns + padded + 2 * self.inputs * self.filters + self.back_by_line * back


class _Options(Protocol):
    """Of a layer with kernels."""

    @property
    def bias(self) -> bool: ...
    @property
    def weight_initializer(self) -> Initializer | None: ...
    @property
    def bias_initializer(self) -> Initializer | None: ...


def kernel_parameters(of: Convolution, shape: Shape, options: _Options) -> dict[str, Parameter]:
    """Kernels of this shape, and biases if they are asked for."""
    fans = of.inputs, of.taps * of.filters // of.groups
    weight = Parameter(shape, *fans, options.weight_initializer)
    bias = Parameter((of.filters,), *fans, options.bias_initializer, is_weight=False)
    return {"weight": weight, "bias": bias} if options.bias else {"weight": weight}


def check_groups(groups: int, channels: int, filters: int) -> None:
    """See to it that channels and filters can be split.

    Raises:
        ValueError: they can't.
    """
    if channels % groups or filters % groups:
        raise ValueError(
            f"{channels} channels and {filters} filters can't both be split into {groups} groups; take a "
            "number that divides both"
        )


class Chunk(NamedTuple):
    """Windows that go through the column buffer together."""

    runs: slice
    images: slice
    lines: slice  # of windows, from the top


def chunks(of: Convolution, runs: int, batch: int, itemsize: int) -> list[Chunk]:
    """All windows of a stack, in chunks that fit the column buffer.

    How the windows of a run are divided depends on its own shapes alone, and so do its bits.
    """
    line = of.width.count * of.inputs * of.groups * itemsize
    image = line * of.height.count
    together = _even(runs, COLUMN_BYTES // (batch * image))
    images = _even(batch, COLUMN_BYTES // image)
    lines = _even(of.height.count, COLUMN_BYTES // line)
    return [
        Chunk(some_runs, some_images, some_lines)
        for some_runs in _slices(runs, together)
        for some_images in _slices(batch, images)
        for some_lines in _slices(of.height.count, lines)
    ]


def _even(count: int, most: int) -> int:
    """The size of as few parts as there must be, each at most so large (or 1), as even as can be."""
    return ceil(count / ceil(count / max(1, most)))


def _slices(count: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
