"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.arrays import aligned_empty
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
from gdrun.nn.product import bind_product


@dataclass(frozen=True)
class Gru(Layer):
    """Gated recurrent unit: a hidden state that gates reset and update.

    Formula:
        (r, z)_t = σ(x_t·W_rz + h_{t−1}·U_rz + b_rz)
        n_t = tanh(x_t·W_n + b_n + r_t·q_t), q_t = h_{t−1}·U_n + v
        h_t = (1 − z_t)·n_t + z_t·h_{t−1}; h_0 = 0
        with x (runs, batch, time, features), W (runs, features, 3·units),
        U (runs, units, 3·units), b (runs, 3·units), v (runs, units). Backward through all of time:
        η_t = ∂L/∂h_t + z_{t+1}·η_{t+1} + δᵁ_{t+1}·Uᵀ; δⁿ_t = η_t·(1 − z_t)·n′
        δ_t = (δⁿ_t·q_t·r′, η_t·(h_{t−1} − n_t)·z′, δⁿ_t); δᵁ_t has δⁿ_t·r_t in the third place
        ∂L/∂U and ∂L/∂v from δᵁ, the others from δ, as for `rnn`

    Options:
        units: size of the hidden state.
        return_sequences: whether the hidden state of every time is the output, (time, units), or the last
            one alone, (units,).
        weight_initializer, bias_initializer: override the model's initializer and the zeros of both biases.
        recurrent_initializer: of U, the array `recurrent_weight`.

    Variant:
        The reset gate is applied after the product with U, as in PyTorch and in Keras with its default
        `reset_after`; the paper has it before. Gates in PyTorch's order reset, update, new; Keras has update
        first. v, the array `recurrent_bias`, is the only one of the biases on h that b cannot stand for:
        PyTorch's and Keras' others are added into b.

    Reference:
        Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
        translation", EMNLP 2014.
    """

    scalable: ClassVar[bool] = False
    units: Count
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
        found = recurrent_parameters(input_shape[1], self.units, 3, *initializers)
        bias = Parameter((self.units,), self.units, self.units, self.bias_initializer, is_weight=False)
        return found | {"recurrent_bias": bias}

    def multiplications(self, input_shape: Shape) -> int:
        return input_shape[0] * super().multiplications(input_shape)

    def kept(self, input_shape: Shape) -> int:
        return input_shape[0] * 11 * self.units

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        way, steps = bind_recurrence(x, weights, workspace, return_sequences=self.return_sequences)
        runs, time, batch, _ = way.gates.shape
        u = self.units
        both = slice(2 * u)  # reset and update
        r, z, n = (way.gates[..., part * u : (part + 1) * u] for part in range(3))
        added = aligned_empty((runs, time, batch, u), x.dtype)  # q
        scratch = aligned_empty((runs, batch, u), x.dtype)
        recurrent_bias = weights["recurrent_bias"][:, None, :]
        half = np.asarray(0.5, x.dtype)  # σ(z) = ½·tanh(z/2) + ½

        def forward() -> None:
            way.project()
            for t in range(time):
                gates, before, after = way.gates[:, t, :, both], way.hidden[:, t], way.hidden[:, t + 1]
                way.add_hidden[t]()
                np.add(gates, way.recurrent[..., both], out=gates)
                np.multiply(gates, half, out=gates)
                np.tanh(gates, out=gates)
                np.multiply(gates, half, out=gates)
                np.add(gates, half, out=gates)
                np.add(way.recurrent[..., 2 * u :], recurrent_bias, out=added[:, t])
                np.multiply(r[:, t], added[:, t], out=scratch)
                np.add(n[:, t], scratch, out=n[:, t])
                np.tanh(n[:, t], out=n[:, t])
                np.subtract(before, n[:, t], out=scratch)
                np.multiply(scratch, z[:, t], out=scratch)
                np.add(n[:, t], scratch, out=after)

        if not gradients:
            return Bound(way.output, forward, evaluate_only, overwritable=False)

        hidden_slopes = aligned_empty(way.gates.shape, x.dtype)
        back = bind_unrolled(way, steps, weights, gradients, workspace, hidden_slopes)
        slopes = back.slopes
        dr, dz, dn = (slopes[..., part * u : (part + 1) * u] for part in range(3))
        kept = aligned_empty((runs, batch, u), x.dtype)
        one = np.ones((), x.dtype)
        of_bias = hidden_slopes.reshape(runs, time * batch, 3 * u)[..., 2 * u :]
        ones = np.ones((1, 1, time * batch), x.dtype)
        add_up_bias = bind_product(ones, of_bias, gradients["recurrent_bias"][:, None, :])

        def backward(dy: Array) -> Array | None:
            np.multiply(way.gates, way.gates, out=slopes)  # first the derivatives of all gates
            np.subtract(way.gates[..., both], slopes[..., both], out=slopes[..., both])
            np.subtract(one, dn, out=dn)
            back.carried.fill(0)
            hidden = back.carried
            for t in reversed(range(time)):
                own = upstream_at(dy, t, time, return_sequences=self.return_sequences)
                if own is not None:
                    np.add(hidden, own, out=hidden)
                np.multiply(hidden, z[:, t], out=kept)
                np.subtract(hidden, kept, out=scratch)
                np.multiply(dn[:, t], scratch, out=dn[:, t])
                np.subtract(way.hidden[:, t], n[:, t], out=scratch)
                np.multiply(scratch, hidden, out=scratch)
                np.multiply(dz[:, t], scratch, out=dz[:, t])
                np.multiply(dn[:, t], added[:, t], out=scratch)
                np.multiply(dr[:, t], scratch, out=dr[:, t])
                np.copyto(hidden_slopes[:, t, :, both], slopes[:, t, :, both])
                np.multiply(dn[:, t], r[:, t], out=hidden_slopes[:, t, :, 2 * u :])
                back.carry[t]()
                np.add(hidden, kept, out=hidden)
            add_up_bias()
            return back.finish()

        return Bound(way.output, forward, backward, overwritable=False)
