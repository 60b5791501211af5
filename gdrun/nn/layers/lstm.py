"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_empty, aligned_zeros
from gdrun.component import Count
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
class ForgetBias(Initializer):
    """Zeros, and a value for the forget gate, the second quarter of the bias of an lstm."""

    value: float

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        return np.repeat([0.0, self.value, 0.0, 0.0], shape[0] // 4)


@dataclass(frozen=True)
class Lstm(Layer):
    """Long short-term memory: a cell that gates decide to keep, to write to and to show.

    Formula:
        (i, f, g, o)_t = (σ, σ, tanh, σ)(x_t·W + h_{t−1}·U + b)
        c_t = f_t·c_{t−1} + i_t·g_t; h_t = o_t·tanh(c_t); h_0 = c_0 = 0
        with x (runs, batch, time, features), W (runs, features, 4·units),
        U (runs, units, 4·units), b (runs, 4·units). Backward through all of time:
        η_t = ∂L/∂h_t + δ_{t+1}·Uᵀ; γ_t = η_t·o_t·(1 − tanh²(c_t)) + γ_{t+1}·f_{t+1}
        δ_t = (γ_t·g_t·i′, γ_t·c_{t−1}·f′, γ_t·i_t·g′, η_t·tanh(c_t)·o′)
        σ′ = σ(1 − σ), tanh′ = 1 − tanh²; ∂L/∂W, ∂L/∂U, ∂L/∂b, ∂L/∂x as for `rnn`

    Options:
        units: size of the hidden state and of the cell.
        return_sequences: whether the hidden state of every time is the output, (time, units), or the last
            one alone, (units,).
        forget_bias: the bias of the forget gate at the start, where `bias_initializer` isn't given; with 1
            a cell keeps what it has until it learns to forget.
        weight_initializer, bias_initializer: override the model's initializer and the start of the bias.
        recurrent_initializer: of U, the array `recurrent_weight`.

    Variant:
        Gates in the order input, forget, cell, output, as in PyTorch and Keras. One bias, as in Keras;
        PyTorch's has two, whose sum it is, and starts the forget gate without a 1. No peepholes.

    Reference:
        Hochreiter & Schmidhuber, "Long short-term memory", Neural Computation 9, 1997; forget gate: Gers,
        Schmidhuber & Cummins, Neural Computation 12, 2000; its bias: Jozefowicz, Zaremba & Sutskever, "An
        empirical exploration of recurrent network architectures", ICML 2015.
    """

    scalable: ClassVar[bool] = False
    units: Count
    return_sequences: bool = False
    forget_bias: float = 1.0
    weight_initializer: Initializer | None = None
    recurrent_initializer: Initializer = Orthogonal()
    bias_initializer: Initializer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return sequence_output_shape(
            self.name, input_shape, self.units, return_sequences=self.return_sequences
        )

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        bias = self.bias_initializer or ForgetBias(self.forget_bias)
        initializers = self.weight_initializer, self.recurrent_initializer, bias
        return recurrent_parameters(input_shape[1], self.units, 4, *initializers)

    def multiplications(self, input_shape: Shape) -> int:
        return input_shape[0] * super().multiplications(input_shape)

    def kept(self, input_shape: Shape) -> int:
        return input_shape[0] * 12 * self.units

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        way, steps = bind_recurrence(x, weights, workspace, return_sequences=self.return_sequences)
        runs, time, batch, _ = way.gates.shape
        u = self.units
        cell = aligned_zeros((runs, time + 1, batch, u), x.dtype)
        shown = aligned_empty((runs, time, batch, u), x.dtype)  # tanh(c)
        scratch = aligned_empty((runs, batch, u), x.dtype)
        half = np.repeat(np.asarray([0.5, 0.5, 1, 0.5], x.dtype), u)  # σ(z) = ½·tanh(z/2) + ½
        offset = np.repeat(np.asarray([0.5, 0.5, 0, 0.5], x.dtype), u)
        i, f, g, o = (way.gates[..., part * u : (part + 1) * u] for part in range(4))

        def forward() -> None:
            way.project()
            for t in range(time):
                z = way.gates[:, t]
                way.add_hidden[t]()
                np.add(z, way.recurrent, out=z)
                np.multiply(z, half, out=z)
                np.tanh(z, out=z)
                np.multiply(z, half, out=z)
                np.add(z, offset, out=z)
                np.multiply(f[:, t], cell[:, t], out=cell[:, t + 1])
                np.multiply(i[:, t], g[:, t], out=scratch)
                np.add(cell[:, t + 1], scratch, out=cell[:, t + 1])
                np.tanh(cell[:, t + 1], out=shown[:, t])
                np.multiply(o[:, t], shown[:, t], out=way.hidden[:, t + 1])

        if not gradients:
            return Bound(way.output, forward, evaluate_only, overwritable=False)

        back = bind_unrolled(way, steps, weights, gradients, workspace)
        slopes = back.slopes
        di, df, dg, do = (slopes[..., part * u : (part + 1) * u] for part in range(4))
        through = aligned_empty(shown.shape, x.dtype)  # o·(1 − tanh²(c))
        memory = aligned_empty((runs, batch, u), x.dtype)  # γ
        one = np.ones((), x.dtype)

        def backward(dy: Array) -> Array | None:
            np.multiply(way.gates, way.gates, out=slopes)  # first the derivatives of all gates
            for sigmoids in (slice(2 * u), slice(3 * u, None)):
                np.subtract(way.gates[..., sigmoids], slopes[..., sigmoids], out=slopes[..., sigmoids])
            np.subtract(one, dg, out=dg)
            np.multiply(shown, shown, out=through)
            np.subtract(one, through, out=through)
            np.multiply(through, o, out=through)
            back.carried.fill(0)
            memory.fill(0)
            hidden = back.carried
            for t in reversed(range(time)):
                own = upstream_at(dy, t, time, return_sequences=self.return_sequences)
                if own is not None:
                    np.add(hidden, own, out=hidden)
                np.multiply(hidden, through[:, t], out=scratch)
                np.add(memory, scratch, out=memory)
                for slope, upstream, factor in (
                    (do, hidden, shown[:, t]),
                    (di, memory, g[:, t]),
                    (df, memory, cell[:, t]),
                    (dg, memory, i[:, t]),
                ):
                    np.multiply(upstream, factor, out=scratch)
                    np.multiply(slope[:, t], scratch, out=slope[:, t])
                np.multiply(memory, f[:, t], out=memory)
                back.carry[t]()
            return back.finish()

        return Bound(way.output, forward, backward, overwritable=False)
