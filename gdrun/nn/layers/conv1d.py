"""Convolution of sequences."""

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
from gdrun.nn.windows import Axis, Padding, axis


@dataclass(frozen=True)
class Conv1d(Layer):
    """Convolution of sequences (time, features), with its activation.

    Formula:
        y[t, f] = a(Σ x[t·s + i·d − before, c]·W[i, c, f] + b[f]), summed over the places i of the
        kernel and the features c; stride s, dilation d; x is 0 before the start and after the end.
        With δ = ∂L/∂(the argument of a): ∂L/∂W = Σ δ·(what the place sees), over windows and batch,
        ∂L/∂b = Σ δ, and every x gets δ·W from each window and place that sees it.

    Options:
        filters: number of output features.
        kernel_size: length of the kernel.
        stride: from one window to the next.
        padding: same for ⌈time/stride⌉ windows, with zeros at both ends (the odd one at the end), valid for
            none, or how many zeros there are at each end.
        dilation: from one place of the kernel to the next.
        groups: into which features and filters are split; a filter sees the features of its group alone.
        activation: applied to each output.
        bias: whether b is there.
        weight_initializer, bias_initializer: override the model's initializer and the zeros of the bias.

    Variant:
        A cross-correlation, as in all libraries; W is (time, features/groups, filters). Computed as the
        convolution of images of height 1, with the same bound on its columns.

    Reference:
        Waibel, Hanazawa, Hinton, Shikano & Lang, "Phoneme recognition using time-delay neural networks", IEEE
        Transactions on Acoustics, Speech and Signal Processing 37, 1989.
    """

    filters: Count
    kernel_size: Count
    stride: Count = 1
    padding: Padding = "valid"
    dilation: Count = 1
    groups: Count = 1
    activation: Activation = Identity()
    bias: bool = True
    weight_initializer: Initializer | None = None
    bias_initializer: Initializer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ValueError(f"conv1d takes sequences (time, features), not rows of shape {input_shape}")
        return self._convolution(input_shape).output_shape[1:]

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        of = self._convolution(input_shape)
        return kernel_parameters(of, (of.width.window, of.channels // of.groups, of.filters), self)

    def multiplications(self, input_shape: Shape) -> int:
        return self._convolution(input_shape).multiplications

    def scratch(self, input_shape: Shape, batch: int, itemsize: int) -> int:
        return self._convolution(input_shape).scratch(batch, itemsize)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        of = self._convolution(x.shape[2:])
        return bind_convolution(of, self.activation, of.output_shape[1:], x, weights, gradients, workspace)

    def _convolution(self, input_shape: Shape) -> Convolution:
        time, features = input_shape
        check_groups(self.groups, features, self.filters)
        along = axis(time, self.kernel_size, self.stride, self.dilation, self.padding)
        return Convolution(_ONE, along, features, self.filters, self.groups)


_ONE = Axis(size=1, window=1, stride=1, dilation=1, before=0, count=1)
