"""Convolution of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.identity import Identity
from gdrun.nn.initializer import Initializer
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace
from gdrun.nn.layers.columns import bind_convolution
from gdrun.nn.layers.convolution import Convolution, check_groups, kernel_parameters
from gdrun.nn.windows import Padding, Size, axes


@dataclass(frozen=True)
class Conv2d(Layer):
    """Convolution of images (height, width, channels), with its activation.

    Formula:
        y[p, q, f] = a(Σ x[p·s + i·d − before, q·s + j·d − before, c]·W[i, j, c, f] + b[f]), summed
        over the places i, j of the kernel and the channels c; stride s, dilation d; x is 0 outside.
        With δ = ∂L/∂(the argument of a): ∂L/∂W = Σ δ·(what the place sees), over windows and batch,
        ∂L/∂b = Σ δ, and every x gets δ·W from each window and place that sees it.

    Options:
        filters: number of output channels.
        kernel_size: height and width of the kernel, or [height, width].
        stride: from one window to the next, or [down, across].
        padding: same for ⌈size/stride⌉ windows, with zeros around the image (the odd one right and below),
            valid for none, or how many zeros there are on each side.
        dilation: from one place of the kernel to the next, or [down, across].
        groups: into which channels and filters are split; a filter sees the channels of its group alone. As
            many as channels: each channel for itself ("depthwise").
        activation: applied to each output.
        bias: whether b is there.
        weight_initializer, bias_initializer: override the model's initializer and the zeros of the bias.

    Variant:
        A cross-correlation, as in all libraries: the kernel isn't flipped. W is (height, width,
        channels/groups, filters). Columns of windows are made in chunks of at most 512 KiB (or one line of
        windows, where that is more), whatever the size of the batch; where a filter sees one channel, from
        copies of lines that take no more than that again.

    Reference:
        LeCun et al., "Backpropagation applied to handwritten zip code recognition", Neural Computation 1,
        1989; Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285, 2016.
    """

    filters: Count
    kernel_size: Size
    stride: Size = 1
    padding: Padding = "valid"
    dilation: Size = 1
    groups: Count = 1
    activation: Activation = Identity()
    bias: bool = True
    weight_initializer: Initializer | None = None
    bias_initializer: Initializer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(
                f"conv2d takes images (height, width, channels), not rows of shape {input_shape}"
            )
        return self._convolution(input_shape).output_shape

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        of = self._convolution(input_shape)
        shape = (of.height.window, of.width.window, of.channels // of.groups, of.filters)
        return kernel_parameters(of, shape, self)

    def multiplications(self, input_shape: Shape) -> int:
        return self._convolution(input_shape).multiplications

    def scratch(self, input_shape: Shape, batch: int, itemsize: int) -> int:
        return self._convolution(input_shape).scratch(batch, itemsize)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        of = self._convolution(x.shape[2:])
        return bind_convolution(of, self.activation, of.output_shape, x, weights, gradients, workspace)

    def _convolution(self, input_shape: Shape) -> Convolution:
        check_groups(self.groups, input_shape[-1], self.filters)
        down, across = axes(input_shape, self.kernel_size, self.stride, self.dilation, self.padding)
        return Convolution(down, across, input_shape[-1], self.filters, self.groups)
