"""Windows that slide over an image: how many there are, where they lie, and views of what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from numpy.lib.stride_tricks import as_strided

from gdrun.component import Count, WholeNumber
from gdrun.nn.layer import Array, Shape

Size = Count | tuple[Count, Count]  # of both axes, or (height, width)
Padding = WholeNumber | Literal["same", "valid"]


class Tap(NamedTuple):
    """One place of the window along one axis: which outputs see an input through it, and which inputs."""

    outputs: slice
    inputs: slice


@dataclass(frozen=True)
class Axis:
    """Windows along one axis.

    Attributes:
        size: of the input.
        window: places of the window.
        stride: from one window to the next.
        dilation: from one place of the window to the next.
        before: places added at the start.
        count: of windows: the size of the output.
    """

    size: int
    window: int
    stride: int
    dilation: int
    before: int
    count: int

    @property
    def span(self) -> int:
        """From the first to the last place of a window."""
        return self.dilation * (self.window - 1) + 1

    @property
    def seen(self) -> int:
        """Places, padding included, from the first one of the first window to the last one of the last."""
        return (self.count - 1) * self.stride + self.span

    @property
    def padded_size(self) -> int:
        """Of the input and of what is added at both ends."""
        return max(self.seen, self.before + self.size)

    @property
    def padded(self) -> bool:
        """Whether a window reaches beyond the input."""
        return self.padded_size > self.size

    @property
    def tiles(self) -> bool:
        """Whether every input is in exactly one window."""
        return (
            self.stride == self.window and self.dilation == 1 and self.seen == self.size and not self.padded
        )

    def taps(self) -> list[Tap]:
        """Every place of the window, those outside of the input left out."""
        found = []
        for tap in range(self.window):
            offset = tap * self.dilation - self.before
            first = max(0, -(offset // self.stride))  # the first output whose input isn't before the start
            last = min(self.count - 1, (self.size - 1 - offset) // self.stride)
            start = first * self.stride + offset
            stop = max(start, last * self.stride + offset + 1)
            found.append(Tap(slice(first, max(first, last + 1)), slice(start, stop, self.stride)))
        return found


def each_place(size: int) -> Axis:
    """As many windows as places, one in each."""
    return Axis(size=size, window=1, stride=1, dilation=1, before=0, count=size)


def axis(size: int, window: int, stride: int, dilation: int, padding: int | str) -> Axis:
    """The windows along an axis of this size.

    With "same" there are ⌈size/stride⌉ windows, and of the places added the odd one is at the end; "valid"
    adds none; a number is added at both ends.

    Raises:
        ValueError: not a single window fits, or one of the numbers is too small.
    """
    if min(window, stride, dilation) < 1:
        raise ValueError(f"window {window}, stride {stride} and dilation {dilation} must be at least 1")
    span = dilation * (window - 1) + 1
    if padding == "same":
        count = -(-size // stride)
        return Axis(size, window, stride, dilation, max(0, (count - 1) * stride + span - size) // 2, count)
    added = 0 if padding == "valid" else int(padding)
    count = (size + 2 * added - span) // stride + 1
    if count < 1:
        dilated = f" ({span} with dilation {dilation})" if span > window else ""
        with_padding = f" with {added} added at both ends" if added else ""
        raise ValueError(
            f"a window of {window}{dilated} doesn't fit into {size}{with_padding}; take a smaller one, or "
            "padding: same"
        )
    return Axis(size, window, stride, dilation, added, count)


def axes(shape: Shape, window: Size, stride: Size, dilation: Size, padding: int | str) -> tuple[Axis, Axis]:
    """The windows along height and width of an image (height, width, channels)."""
    parts = zip(shape, _pair(window), _pair(stride), _pair(dilation), strict=False)
    height, width = (axis(*part, padding) for part in parts)
    return height, width


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def windows(images: Array, height: Axis, width: Axis) -> Array:
    """A view (…, windows down, windows across, window height, window width, channels).

    Args:
        images: (…, height, width, channels), with the padding that the axes ask for.
    """
    *others, down, across, channel = images.strides
    return as_strided(
        images,
        (*images.shape[:-3], height.count, width.count, height.window, width.window, images.shape[-1]),
        (
            *others,
            down * height.stride,
            across * width.stride,
            down * height.dilation,
            across * width.dilation,
            channel,
        ),
    )
