"""JAX: the whole training as one compiled scan, and the same under vmap for many runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.problem import LEARNING_RATE, Problem, clock

Parameters = list[tuple[Any, Any]]
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def loss(parameters: Parameters, x: Any, y: Any) -> Any:
    """Mean softmax cross entropy of a relu network; y is one-hot."""
    *hidden, (weight, bias) = parameters
    for hidden_weight, hidden_bias in hidden:
        x = jax.nn.relu(x @ hidden_weight + hidden_bias)
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(x @ weight + bias), axis=-1))


def train_one(parameters: Parameters, order: Any, features: Any, targets: Any) -> Parameters:
    """Adam over all batches of all epochs: order is (updates, batch)."""

    def update(state: Any, rows: Any) -> tuple[Any, None]:
        theta, m, v, beta1_power, beta2_power = state
        beta1_power, beta2_power = beta1_power * BETA1, beta2_power * BETA2
        g = jax.grad(loss)(theta, features[rows], targets[rows])
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        step_size, root = LEARNING_RATE / (1 - beta1_power), 1 / jnp.sqrt(1 - beta2_power)
        theta = jax.tree.map(lambda p, m, v: p - step_size * m / (jnp.sqrt(v) * root + EPS), theta, m, v)
        return (theta, m, v, beta1_power, beta2_power), None

    zeros = jax.tree.map(jnp.zeros_like, parameters)
    start = (parameters, zeros, zeros, jnp.float32(1), jnp.float32(1))
    (trained, *_), _ = jax.lax.scan(update, start, order)
    return trained


def prepare(problem: Problem, runs: int) -> Callable[[int], float]:
    """Compiled once for each number of epochs; the first call of `train` with one is the compilation.

    The orders are drawn with NumPy, which is faster than JAX's sort of random keys on a CPU.
    """
    x, classes = problem.data()
    features = jnp.asarray(x)
    targets = jax.nn.one_hot(jnp.asarray(classes), problem.sizes[-1], dtype=jnp.float32)
    weights = problem.weights(runs)
    if runs == 1:
        parameters = [(jnp.asarray(weight[0]), jnp.asarray(bias[0])) for weight, bias in weights]
        compiled = jax.jit(train_one)
    else:
        parameters = [(jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in weights]
        compiled = jax.jit(jax.vmap(train_one, in_axes=(0, 0, None, None)))
    source = np.random.default_rng(3)
    in_order = np.arange(problem.rows, dtype=np.int32)

    def train(epochs: int) -> float:
        began = clock()
        order = source.permuted(np.broadcast_to(in_order, (runs, epochs, problem.rows)), axis=-1)
        updates = order.reshape(runs, -1, problem.batch)
        trained = compiled(parameters, updates[0] if runs == 1 else updates, features, targets)
        jax.block_until_ready(trained)
        return clock() - began

    return train
