"""Batch normalization, and the state that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.component import Decay, Positive
from gdrun.nn.functions import number
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, State, Workspace, evaluate_only
from gdrun.nn.layers.scale_and_shift import bind_scale_and_shift, bind_spread, in_blocks, scale_and_shift
from gdrun.nn.product import bind_product


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Gives every feature mean 0 and variance 1 over a batch, then a learned scale and shift.

    Formula:
        y = scale·x̂ + shift, x̂ = (x − μ)/√(σ² + eps), with x (runs, batch, *shape, features)
        In training μ and σ² are mean and variance of each feature over the batch and all of
        shape, n values, and with m = momentum
        running_mean ← m·running_mean + (1 − m)·μ
        running_variance ← m·running_variance + (1 − m)·σ²·n/(n − 1)
        In evaluation the running ones, which start at 0 and 1, take their place. Backward:
        ∂L/∂scale = Σ ∂L/∂y·x̂, ∂L/∂shift = Σ ∂L/∂y
        ∂L/∂x = scale/√(σ² + eps)·(∂L/∂y − ∂L/∂shift/n − x̂·∂L/∂scale/n)

    Options:
        momentum: the share of the running statistics that an update keeps.
        eps: added to the variance.
        scale, shift: whether these parameters are there; they start at 1 and 0.

    Variant:
        `momentum` as in Keras; PyTorch's is 1 − momentum. The variance divides by n where it normalizes and
        by n − 1 in the running one, as in PyTorch; Keras divides by n in both. The running statistics are
        state: saved beside the weights as `running_mean` and `running_variance`, and no parameters. Penalties
        leave scale and shift alone. With averaged weights they stay those of the weights in training. A
        training batch must have at least two values of each feature.

    Reference:
        Ioffe & Szegedy, "Batch normalization: accelerating deep network training by reducing internal
        covariate shift", ICML 2015.
    """

    momentum: Decay = 0.9
    eps: Positive = 1e-5
    scale: bool = True
    shift: bool = True

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        return scale_and_shift(input_shape, scale=self.scale, shift=self.shift)

    def state(self, input_shape: Shape) -> dict[str, State]:
        features = input_shape[-1:]
        return {"running_mean": State(features, 0.0), "running_variance": State(features, 1.0)}

    def least_rows(self, input_shape: Shape) -> int:
        return 2 if prod(input_shape[:-1]) == 1 else 1

    def kept(self, input_shape: Shape) -> int:
        return 3 * prod(input_shape)

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        if not workspace.training:
            return self._bind_evaluation(x, weights, workspace)
        runs, features = workspace.runs, x.shape[-1]
        n = workspace.batch * prod(x.shape[2:-1])
        if n < 2:
            raise ValueError("batch_norm needs at least two values of each feature in a training batch")
        normalized, y, each, upstream = (workspace.activations(*x.shape[2:]) for _ in range(4))
        mean, inverse, of_upstream, of_product, factor = (
            aligned_empty((runs, 1, features), x.dtype) for _ in range(5)
        )
        rows_of_normalized, rows_of_each, rows_of_upstream = (
            array.reshape(runs, n, features) for array in (normalized, each, upstream)
        )
        (blocks, times), (blocks_of_each, _), (blocks_of_upstream, _) = (
            in_blocks(array) for array in (normalized, each, upstream)
        )
        wide_mean, spread_mean = bind_spread(mean, times)
        wide_inverse, spread_inverse = bind_spread(inverse, times)
        ones = np.ones((1, 1, n), x.dtype)  # a sum over rows: a product is the fastest way to one
        add_up = bind_product(ones, rows_of_normalized, mean)
        add_up_squares = bind_product(ones, rows_of_each, inverse)
        one_nth, eps = np.asarray(1 / n, x.dtype), number(self.eps, mean)
        keep, take = number(self.momentum, mean), number(1 - self.momentum, mean)
        unbiased = number((1 - self.momentum) * n / (n - 1), mean)
        running = [workspace.state[name][:, None, :] for name in ("running_mean", "running_variance")]
        apply_weights, scale = bind_scale_and_shift(normalized, y, weights)

        def forward() -> None:
            np.copyto(normalized, x)
            add_up()
            np.multiply(mean, one_nth, out=mean)
            spread_mean()
            np.subtract(blocks, wide_mean, out=blocks)
            np.multiply(normalized, normalized, out=each)
            add_up_squares()
            np.multiply(inverse, one_nth, out=inverse)
            for statistic, now, share in zip(running, (mean, inverse), (take, unbiased), strict=True):
                np.multiply(statistic, keep, out=statistic)
                np.multiply(now, share, out=factor)
                np.add(statistic, factor, out=statistic)
            np.add(inverse, eps, out=inverse)
            np.sqrt(inverse, out=inverse)
            np.reciprocal(inverse, out=inverse)
            spread_inverse()
            np.multiply(blocks, wide_inverse, out=blocks)
            apply_weights()

        add_up_upstream = bind_product(ones, rows_of_upstream, of_upstream)
        add_up_product = bind_product(ones, rows_of_each, of_product)
        wide_upstream, spread_upstream = bind_spread(of_upstream, times)
        wide_product, spread_product = bind_spread(of_product, times)
        sums = {"scale": of_product, "shift": of_upstream}

        def backward(dy: Array) -> Array:
            np.copyto(upstream, dy)
            np.multiply(upstream, normalized, out=each)
            add_up_upstream()
            add_up_product()
            for name, gradient in gradients.items():
                np.copyto(gradient[:, None, :], sums[name])
            np.multiply(of_product, one_nth, out=of_product)
            np.multiply(of_upstream, one_nth, out=of_upstream)
            spread_product()
            spread_upstream()
            np.multiply(blocks, wide_product, out=blocks_of_each)
            np.subtract(upstream, each, out=upstream)
            np.subtract(blocks_of_upstream, wide_upstream, out=blocks_of_upstream)
            np.multiply(blocks_of_upstream, wide_inverse, out=blocks_of_upstream)
            if scale is not None:
                np.multiply(blocks_of_upstream, scale, out=blocks_of_upstream)
            return upstream

        return Bound(y, forward, backward)

    def _bind_evaluation(self, x: Array, weights: Mapping[str, Array], workspace: Workspace) -> Bound:
        """x̂ from the running statistics."""
        y = workspace.activations(*x.shape[2:])
        blocks, times = in_blocks(y)
        mean, variance = (workspace.state[name][:, None] for name in ("running_mean", "running_variance"))
        deviation, eps = np.empty_like(variance), number(self.eps, variance)
        wide_mean, spread_mean = bind_spread(mean, times)
        wide_deviation, spread_deviation = bind_spread(deviation, times)
        apply_weights, _ = bind_scale_and_shift(y, y, weights)

        def forward() -> None:
            np.add(variance, eps, out=deviation)
            np.sqrt(deviation, out=deviation)
            spread_mean()
            spread_deviation()
            np.copyto(y, x)
            np.subtract(blocks, wide_mean, out=blocks)
            np.divide(blocks, wide_deviation, out=blocks)
            apply_weights()

        return Bound(y, forward, evaluate_only)
