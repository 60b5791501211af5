"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.tanh import Tanh
from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.matrices import Orthogonal
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace, evaluate_only
from gdrun.nn.layers.recurrence import (
    bind_recurrence,
    bind_unrolled,
    recurrent_parameters,
    sequence_output_shape,
    upstream_at,
)


@dataclass(frozen=True)
class Rnn(Layer):
    """Recurrent layer: a hidden state that every time of a sequence changes.

    Formula:
        h_t = a(x_t·W + h_{t−1}·U + b), h_0 = 0
        with x (runs, batch, time, features), W (runs, features, units),
        U (runs, units, units), b (runs, units). Backward through all of time:
        δ_t = a′·(∂L/∂h_t + δ_{t+1}·Uᵀ); ∂L/∂W = Σ_t x_tᵀ·δ_t, ∂L/∂U = Σ_t h_{t−1}ᵀ·δ_t
        ∂L/∂b = Σ δ_t over times and rows, ∂L/∂x_t = δ_t·Wᵀ

    Options:
        units: size of the hidden state.
        activation: a.
        return_sequences: whether the hidden state of every time is the output, (time, units), or the last
            one alone, (units,).
        weight_initializer, bias_initializer: override the model's initializer and the zeros of the bias.
        recurrent_initializer: of U, the array `recurrent_weight`.

    Variant:
        One bias, as in Keras; PyTorch's has two, whose sum it is.

    Reference:
        Elman, "Finding structure in time", Cognitive Science 14, 1990; Werbos, "Backpropagation through
        time: what it does and how to do it", Proceedings of the IEEE 78, 1990.
    """

    units: Count
    activation: Activation = Tanh()
    return_sequences: bool = False
    weight_initializer: Initializer | None = None
    recurrent_initializer: Initializer = Orthogonal()
    bias_initializer: Initializer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return sequence_output_shape(
            self.name, input_shape, self.units, return_sequences=self.return_sequences
        )

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        initializers = self.weight_initializer, self.recurrent_initializer, self.bias_initializer
        return recurrent_parameters(input_shape[1], self.units, 1, *initializers)

    def multiplications(self, input_shape: Shape) -> int:
        return input_shape[0] * super().multiplications(input_shape)

    def kept(self, input_shape: Shape) -> int:
        return input_shape[0] * 4 * self.units

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        input_gradient = workspace.input_gradient
        way, steps = bind_recurrence(x, weights, workspace, return_sequences=self.return_sequences)
        time = way.gates.shape[1]
        activations = []
        for t in range(time):
            workspace.overwritable = True  # nothing below reads what the activation is applied to
            activations.append(self.activation.bind(way.gates[:, t], workspace))
        steps_forward = [
            (way.add_hidden[t], way.gates[:, t], activations[t], way.hidden[:, t + 1]) for t in range(time)
        ]

        def forward() -> None:
            way.project()
            for add_hidden, z, activation, hidden in steps_forward:
                add_hidden()
                np.add(z, way.recurrent, out=z)
                activation.forward()
                np.copyto(hidden, activation.output)

        if not gradients:
            return Bound(way.output, forward, evaluate_only, overwritable=False)

        workspace.input_gradient = input_gradient
        back = bind_unrolled(way, steps, weights, gradients, workspace)

        def backward(dy: Array) -> Array | None:
            back.carried.fill(0)
            for t in reversed(range(time)):
                own = upstream_at(dy, t, time, return_sequences=self.return_sequences)
                if own is not None:
                    np.add(back.carried, own, out=back.carried)
                slope = activations[t].backward(back.carried)
                assert slope is not None  # noqa: S101 - an activation always passes it on
                np.copyto(back.slopes[:, t], slope)
                back.carry[t]()
            return back.finish()

        return Bound(way.output, forward, backward, overwritable=False)
