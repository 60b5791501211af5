"""The matrix products alone: what no NumPy program can be faster than."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.own import tiles
from benchmarks.problem import Problem, clock
from gdrun.nn.layer import Workspace
from gdrun.nn.product import bind_product


def prepare(problem: Problem, runs: int) -> Callable[[int], float]:
    """The products of forward and backward pass, in gdrun's tiles, and nothing else."""
    all_products = [bind_products(problem, len(tile)) for tile in tiles(problem, runs)]

    def train(epochs: int) -> float:
        began = clock()
        for products in all_products:
            for _ in range(epochs * problem.batches):
                for product in products:
                    product()
        return clock() - began

    return train


def bind_products(problem: Problem, runs: int) -> list[Callable[[], object]]:
    """One function a product, on buffers with gdrun's shapes and memory layouts."""
    workspace = Workspace(runs, problem.batch, np.float32, training=True)
    weights = [weight for weight, _ in problem.weights(runs)]
    slopes = [np.empty_like(weight) for weight in weights]
    source = np.random.default_rng(2)

    def filled(width: int) -> np.ndarray:
        buffer = workspace.activations(width)
        buffer[...] = source.standard_normal(buffer.shape)
        return buffer

    x = source.standard_normal((runs, problem.batch, problem.sizes[0]), np.float32)
    outputs = [x, *(filled(width) for width in problem.sizes[1:])]
    deltas = [x, *(filled(width) for width in problem.sizes[1:])]
    products = [
        bind_product(outputs[layer], weight, workspace.activations(weight.shape[2]))
        for layer, weight in enumerate(weights)
    ]
    for layer in reversed(range(len(weights))):
        products.append(bind_product(outputs[layer].transpose(0, 2, 1), deltas[layer + 1], slopes[layer]))
        if layer:
            transposed = weights[layer].transpose(0, 2, 1)
            products.append(bind_product(deltas[layer + 1], transposed, np.empty_like(deltas[layer])))
    return products
