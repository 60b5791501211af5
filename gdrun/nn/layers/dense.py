"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdrun.component import Count
from gdrun.nn.activation import Activation
from gdrun.nn.activations.identity import Identity
from gdrun.nn.initializer import Initializer
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace, evaluate_only
from gdrun.nn.product import bind_product


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
        bias = weights["bias"][:, None, :] if self.bias else None
        z = workspace.activations(self.units)
        multiply = bind_product(x, weight, z)
        dx = workspace.like(x) if gradients and workspace.input_gradient else None
        workspace.overwritable = True  # nothing below reads z
        y, activate, derive, overwritable = self.activation.bind(z, workspace)

        def forward() -> None:
            multiply()
            if bias is not None:
                np.add(z, bias, out=z)
            activate()

        if not gradients:
            return Bound(y, forward, evaluate_only, overwritable)

        x_transposed = x.transpose(0, 2, 1)
        weight_transposed = weight.transpose(0, 2, 1)
        ones = np.ones((1, 1, workspace.batch), workspace.dtype)

        def bind_products(dz: Array) -> list[Callable[[], Any]]:
            products = [bind_product(x_transposed, dz, gradients["weight"])]
            if bias is not None:  # a sum over the batch: a product is the fastest way to one
                products.append(bind_product(ones, dz, gradients["bias"][:, None, :]))
            if dx is not None:
                products.append(bind_product(dz, weight_transposed, dx))
            return products

        bound_to: Array | None = None
        products: list[Callable[[], Any]] = []

        def backward(dy: Array) -> Array | None:
            nonlocal bound_to, products
            dz = derive(dy)
            if dz is not None and dz is not bound_to:  # the first step; from then on it is the same buffer
                bound_to, products = dz, bind_products(dz)
            for multiply in products:
                multiply()
            return dx

        return Bound(y, forward, backward, overwritable)
