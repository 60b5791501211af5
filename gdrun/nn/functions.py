"""Functions that activations and losses share, stable for every finite argument."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdrun.arrays import aligned_like
from gdrun.nn.layer import Array


def number(option: Any, like: Array) -> Array:
    """An option as an array in the dtype of `like` that broadcasts with it.

    Args:
        option: one number, or (runs, 1) numbers if the component is stacked.
        like: (runs, …).
    """
    values: Array = np.asarray(option, like.dtype)
    return values if values.ndim == 0 else values.reshape(-1, *[1] * (like.ndim - 1))


def sigmoid(x: Array, out: Array) -> Array:
    """1/(1 + exp(−x)) into `out`, which may be `x`; exact to rounding in both tails.

    Where exp(−x) would overflow the value is the smallest that doesn't, about 1e-38 in float32.
    """
    largest = np.asarray(87 if x.dtype == np.float32 else 709, x.dtype)
    one = np.ones((), x.dtype)
    np.negative(x, out=out)
    np.minimum(out, largest, out=out)
    np.exp(out, out=out)
    np.add(out, one, out=out)
    result: Array = np.divide(one, out, out=out)
    return result


def softplus(x: Array, out: Array, scratch: Array) -> Array:
    """log(1 + exp(x)) into `out`, which may be `x`; `scratch` is another buffer of that shape."""
    np.abs(x, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=scratch)
    np.maximum(x, np.zeros((), x.dtype), out=out)
    result: Array = np.add(out, scratch, out=out)
    return result


def of_class(values: Array, classes: Array) -> Array:
    """The value of one class of each row, (runs, rows).

    Args:
        values: (runs, rows, classes).
        classes: indices (runs or 1, rows).
    """
    chosen: Array
    if len(classes) > 1:
        chosen = np.take_along_axis(values, classes[..., None], axis=-1)[..., 0]
    else:
        runs, rows, _ = values.shape
        by_class = values.swapaxes(1, 2).reshape(runs, -1)  # a view of scores, whose batch axis lies last
        chosen = by_class.take(classes[0] * rows + np.arange(rows), axis=1)
    return chosen


def softmax(scores: Array) -> Array:
    """exp(z_c)/Σ exp(z) over the last axis of (runs, rows, classes), in the layout of `scores`."""
    result: Array = scores - scores.max(axis=-1, keepdims=True)
    np.exp(result, out=result)
    result /= result.sum(axis=-1, keepdims=True)
    return result


def probabilities_of_two(scores: Array) -> Array:
    """1 − σ(z) and σ(z), the probabilities of classes 0 and 1, (…, 2); exact in both tails.

    Args:
        scores: (…, 1).

    Raises:
        ValueError: there is more than one score.
    """
    if scores.shape[-1] != 1:
        raise ValueError(f"two classes have one output, not {scores.shape[-1]}")
    of_class_1 = sigmoid(scores, aligned_like(scores))
    of_class_0 = sigmoid(-scores, aligned_like(scores))
    return np.concatenate([of_class_0, of_class_1], axis=-1)
