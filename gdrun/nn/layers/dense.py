"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.identity import Identity
from gdrun.nn.initializer import Initializer
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace, evaluate_only


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer with its activation.

    Formula:
        y = a(x·W + b), with x (runs, batch, in_features), W (runs, in_features, units), b (runs, units).
        With δ = ∂L/∂(x·W + b): ∂L/∂W = xᵀ·δ, ∂L/∂b = Σ_batch δ, ∂L/∂x = δ·Wᵀ.

    Options:
        units: number of outputs.
        activation: applied to each output.
        bias: whether b is there.
        weight_initializer, bias_initializer: override the model's initializer and the zeros of the bias.

    Reference:
        Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 323, 1986.
    """

    units: Count
    activation: Activation = Identity()
    bias: bool = True
    weight_initializer: Initializer | None = None
    bias_initializer: Initializer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise ValueError(
                f"dense takes rows of features, shape (features,), not {input_shape}; put a flatten first"
            )
        return (self.units,)

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        (features,) = input_shape
        weight = Parameter((features, self.units), features, self.units, self.weight_initializer)
        bias = Parameter((self.units,), features, self.units, self.bias_initializer, is_weight=False)
        return {"weight": weight, "bias": bias} if self.bias else {"weight": weight}

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        weight = weights["weight"]
        z = workspace.activations(self.units)
        dx = np.empty_like(x) if gradients and workspace.input_gradient else None
        workspace.overwritable = True  # nothing below reads z
        y, activate, derive, overwritable = self.activation.bind(z, workspace)

        def forward() -> None:
            np.matmul(x, weight, out=z)
            if self.bias:
                np.add(z, bias, out=z)
            activate()

        bias = weights["bias"][:, None, :] if self.bias else weight
        if not gradients:
            return Bound(y, forward, evaluate_only, overwritable)

        x_transposed = x.transpose(0, 2, 1)
        weight_transposed = weight.transpose(0, 2, 1)
        d_weight = gradients["weight"]
        d_bias = gradients["bias"][:, None, :] if self.bias else d_weight
        ones = np.ones((1, workspace.batch), workspace.dtype)

        def backward(dy: Array) -> Array | None:
            dz = np.asarray(derive(dy))
            np.matmul(x_transposed, dz, out=d_weight)
            if self.bias:
                np.matmul(ones, dz, out=d_bias)  # a sum over the batch: the fastest way to one
            return None if dx is None else np.matmul(dz, weight_transposed, out=dx)

        return Bound(y, forward, backward, overwritable)
