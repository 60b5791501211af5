"""Scaled dot-product self-attention with several heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.component import Count
from gdrun.nn.initializer import Initializer
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace, evaluate_only
from gdrun.nn.layers.recurrence import check_sequence
from gdrun.nn.product import bind_product


@dataclass(frozen=True)
class Attention(Layer):
    """Self-attention: every time of a sequence takes in what it finds at the others.

    Formula:
        (q, k, v) = x·W + b, each cut into heads of size d = features/heads; of every head
        s = q·kᵀ/√d, p = softmax(s) over the times that are looked at, o = p·v
        y = (o of all heads)·W_o + b_o
        with x, y (runs, batch, time, features), W (runs, features, 3·features),
        W_o (runs, features, features). Backward:
        ∂L/∂v = pᵀ·∂L/∂o, ∂L/∂p = ∂L/∂o·vᵀ, ∂L/∂s = p·(∂L/∂p − Σ ∂L/∂p·p)
        ∂L/∂q = ∂L/∂s·k/√d, ∂L/∂k = (∂L/∂s)ᵀ·q/√d

    Options:
        heads: so many attend side by side; their number divides that of the features.
        causal: whether a time looks only at itself and what came before.
        bias: whether b and b_o are there.
        weight_initializer: overrides the model's, for W and W_o.

    Variant:
        As PyTorch's MultiheadAttention with equal query, key and value, and no dropout: W is its
        `in_proj_weight` transposed, `output_weight` that of its `out_proj`. Order is no input: without
        `causal`, times that are exchanged give outputs that are exchanged.

    Reference:
        Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    scalable: ClassVar[bool] = False
    heads: Count = 1
    causal: bool = False
    bias: bool = True
    weight_initializer: Initializer | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        check_sequence(self.name, input_shape)
        if input_shape[1] % self.heads:
            raise ValueError(
                f"{input_shape[1]} features cannot be cut into {self.heads} heads of one size; take a number "
                f"of heads that divides {input_shape[1]}"
            )
        return input_shape

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        features = input_shape[1]
        found = {
            "weight": Parameter((features, 3 * features), features, features, self.weight_initializer),
            "output_weight": Parameter((features, features), features, features, self.weight_initializer),
        }
        if self.bias:
            found["bias"] = Parameter((3 * features,), features, features, is_weight=False)
            found["output_bias"] = Parameter((features,), features, features, is_weight=False)
        return found

    def multiplications(self, input_shape: Shape) -> int:
        time, features = input_shape
        return time * super().multiplications(input_shape) + 2 * time * time * features

    def kept(self, input_shape: Shape) -> int:
        time, features = input_shape
        return 10 * time * features + 3 * self.heads * time * time

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        runs, batch = workspace.runs, workspace.batch
        time, features = x.shape[2:]
        rows, size = batch * time, features // self.heads
        per_head = (runs, batch, time, self.heads, size)

        def heads_of(buffer: Array) -> Array:
            """(runs, rows, features) as a view (runs, batch, heads, time, size)."""
            return buffer.reshape(per_head).transpose(0, 1, 3, 2, 4)

        own = aligned_empty((len(x), rows, features), x.dtype)
        projected = aligned_empty((runs, rows, 3 * features), x.dtype)
        q, k, v = (heads_of(projected[..., part * features : (part + 1) * features]) for part in range(3))
        p = aligned_empty((runs, batch, self.heads, time, time), x.dtype)
        extreme = aligned_empty((*p.shape[:-1], 1), x.dtype)  # the largest score, then the sum
        mixed, y = (aligned_empty((runs, rows, features), x.dtype) for _ in range(2))
        scale = np.asarray(1 / sqrt(size), x.dtype)
        later = np.triu(np.full((time, time), -np.inf, x.dtype), 1)
        project = bind_product(own, weights["weight"], projected)
        combine = bind_product(mixed, weights["output_weight"], y)
        o, k_transposed = heads_of(mixed), k.swapaxes(-1, -2)

        def forward() -> None:
            np.copyto(own.reshape(x.shape), x)
            project()
            if self.bias:
                np.add(projected, weights["bias"][:, None, :], out=projected)
            np.matmul(q, k_transposed, out=p)
            np.multiply(p, scale, out=p)
            if self.causal:
                np.add(p, later, out=p)
            np.maximum.reduce(p, axis=-1, keepdims=True, out=extreme)
            np.subtract(p, extreme, out=p)
            np.exp(p, out=p)
            np.add.reduce(p, axis=-1, keepdims=True, out=extreme)
            np.divide(p, extreme, out=p)
            np.matmul(p, v, out=o)
            combine()
            if self.bias:
                np.add(y, weights["output_bias"][:, None, :], out=y)

        shaped = (runs, batch, time, features)
        if not gradients:
            return Bound(y.reshape(shaped), forward, evaluate_only)

        upstream, of_mixed = (aligned_empty((runs, rows, features), x.dtype) for _ in range(2))
        of_projected = aligned_empty(projected.shape, x.dtype)
        dq, dk, dv = (
            heads_of(of_projected[..., part * features : (part + 1) * features]) for part in range(3)
        )
        s, product = (aligned_empty(p.shape, x.dtype) for _ in range(2))
        do, v_transposed = heads_of(of_mixed), v.swapaxes(-1, -2)
        ones = np.ones((1, 1, rows), x.dtype)
        first = [
            bind_product(mixed.transpose(0, 2, 1), upstream, gradients["output_weight"]),
            bind_product(upstream, weights["output_weight"].transpose(0, 2, 1), of_mixed),
        ]
        last = [bind_product(own.transpose(0, 2, 1), of_projected, gradients["weight"])]
        if self.bias:
            first.append(bind_product(ones, upstream, gradients["output_bias"][:, None, :]))
            last.append(bind_product(ones, of_projected, gradients["bias"][:, None, :]))
        dx = None
        if workspace.input_gradient:
            dx = aligned_empty((runs, rows, features), x.dtype)
            last.append(bind_product(of_projected, weights["weight"].transpose(0, 2, 1), dx))

        def backward(dy: Array) -> Array | None:
            np.copyto(upstream.reshape(shaped), dy)
            for multiply in first:
                multiply()
            np.matmul(p.swapaxes(-1, -2), do, out=dv)
            np.matmul(do, v_transposed, out=s)
            np.multiply(s, p, out=product)
            np.add.reduce(product, axis=-1, keepdims=True, out=extreme)
            np.subtract(s, extreme, out=s)
            np.multiply(s, p, out=s)
            np.multiply(s, scale, out=s)
            np.matmul(s, k, out=dq)
            np.matmul(s.swapaxes(-1, -2), q, out=dk)
            for multiply in last:
                multiply()
            return None if dx is None else dx.reshape(shaped)

        return Bound(y.reshape(shaped), forward, backward)
