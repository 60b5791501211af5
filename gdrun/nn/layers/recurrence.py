"""What recurrent layers share: shapes, parameters, and the products that take all times at once.

Inside, time comes before the batch: the values of one time are one block of memory for every run, and the
values of all times one matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gdrun.arrays import aligned_empty, aligned_zeros
from gdrun.nn.initializer import Initializer
from gdrun.nn.layer import Array, Parameter, Shape, Workspace
from gdrun.nn.product import bind_product


def sequence_output_shape(name: str, input_shape: Shape, units: int, *, return_sequences: bool) -> Shape:
    """The shape of an output row.

    Raises:
        ValueError: the input is no sequence.
    """
    check_sequence(name, input_shape)
    return (input_shape[0], units) if return_sequences else (units,)


def check_sequence(name: str, input_shape: Shape) -> None:
    """See to it that rows are sequences.

    Raises:
        ValueError: they are not.
    """
    if len(input_shape) != 2:
        raise ValueError(
            f"{name} takes sequences, rows of shape (time, features), not {input_shape}; put a reshape first"
        )


def recurrent_parameters(
    features: int,
    units: int,
    gates: int,
    weight_initializer: Initializer | None,
    recurrent_initializer: Initializer,
    bias_initializer: Initializer | None,
) -> dict[str, Parameter]:
    """The weights of input and hidden state and the bias of all gates, side by side on the last axis."""
    width = gates * units
    return {
        "weight": Parameter((features, width), features, units, weight_initializer),
        "recurrent_weight": Parameter((units, width), units, units, recurrent_initializer),
        "bias": Parameter((width,), features, units, bias_initializer, is_weight=False),
    }


class Recurrence(NamedTuple):
    """The buffers of a recurrent layer, and the products over all its times.

    Attributes:
        gates: (runs, time, batch, gates·units); `project` writes x·W + b into it.
        hidden: (runs, time + 1, batch, units), h₀ = 0 first.
        output: (runs, batch, units) or (runs, batch, time, units), a view of `hidden`.
        project: computes what the input adds to the gates.
        add_hidden: for each time, writes h·U into `recurrent`.
        recurrent: (runs, batch, gates·units).
    """

    gates: Array
    hidden: Array
    output: Array
    project: Callable[[], None]
    add_hidden: Sequence[Callable[[], object]]
    recurrent: Array


def bind_recurrence(
    x: Array, weights: Mapping[str, Array], workspace: Workspace, *, return_sequences: bool
) -> tuple[Recurrence, Array]:
    """Bind what is alike in the forward passes; also returns x with the time first.

    The second result is (runs or 1, time·batch, features).

    Args:
        x: (runs or 1, batch, time, features).
        weights: `weight`, `recurrent_weight` and `bias` of the layer.
        workspace: of the layer.
        return_sequences: whether the hidden state of every time is the output.
    """
    runs, batch = workspace.runs, workspace.batch
    time, features = x.shape[2:]
    units, width = weights["recurrent_weight"].shape[1:]
    gates = aligned_empty((runs, time, batch, width), x.dtype)
    hidden = aligned_zeros((runs, time + 1, batch, units), x.dtype)
    recurrent = aligned_empty((runs, batch, width), x.dtype)
    time_first = x.transpose(0, 2, 1, 3)
    steps = time_first.reshape(len(x), time * batch, features)
    is_view = np.may_share_memory(steps, x)
    copied = steps.reshape(time_first.shape)
    multiply = bind_product(steps, weights["weight"], gates.reshape(runs, time * batch, width))
    bias = weights["bias"][:, None, None, :]

    def project() -> None:
        if not is_view:
            np.copyto(copied, time_first)
        multiply()
        np.add(gates, bias, out=gates)

    add_hidden = [bind_product(hidden[:, t], weights["recurrent_weight"], recurrent) for t in range(time)]
    output = hidden[:, 1:].transpose(0, 2, 1, 3) if return_sequences else hidden[:, time]
    return Recurrence(gates, hidden, output, project, add_hidden, recurrent), steps


class Unrolled(NamedTuple):
    """The buffers and products of the way back through time.

    Attributes:
        slopes: (runs, time, batch, gates·units), ∂L/∂(x·W + b) of all times, to be filled.
        carried: (runs, batch, units), the gradient of a hidden state from the time after it.
        carry: for each time, computes `carried` for the time before: the slopes there times Uᵀ.
        finish: fills the gradients of all parameters from the slopes and returns ∂L/∂x, if asked for.
    """

    slopes: Array
    carried: Array
    carry: Sequence[Callable[[], object]]
    finish: Callable[[], Array | None]


def bind_unrolled(
    forward: Recurrence,
    steps: Array,
    weights: Mapping[str, Array],
    gradients: Mapping[str, Array],
    workspace: Workspace,
    hidden_slopes: Array | None = None,
) -> Unrolled:
    """Bind what is alike in the backward passes.

    Args:
        forward, steps: as `bind_recurrence` gave them.
        weights, gradients, workspace: of the layer.
        hidden_slopes: ∂L/∂(h·U), where it isn't the same as ∂L/∂(x·W + b).
    """
    runs, time, batch, width = forward.gates.shape
    units = forward.hidden.shape[-1]
    slopes = aligned_empty(forward.gates.shape, forward.gates.dtype)
    hidden_slopes = slopes if hidden_slopes is None else hidden_slopes
    carried = aligned_empty((runs, batch, units), slopes.dtype)
    transposed = weights["recurrent_weight"].transpose(0, 2, 1)
    carry = [bind_product(hidden_slopes[:, t], transposed, carried) for t in range(time)]
    all_slopes = slopes.reshape(runs, time * batch, width)
    before = forward.hidden[:, :time].reshape(runs, time * batch, units)
    ones = np.ones((1, 1, time * batch), slopes.dtype)
    products = [
        bind_product(steps.transpose(0, 2, 1), all_slopes, gradients["weight"]),
        bind_product(
            before.transpose(0, 2, 1),
            hidden_slopes.reshape(runs, time * batch, width),
            gradients["recurrent_weight"],
        ),
        bind_product(ones, all_slopes, gradients["bias"][:, None, :]),
    ]
    dx = None
    if workspace.input_gradient:
        features = steps.shape[-1]
        flat = aligned_empty((runs, time * batch, features), slopes.dtype)
        products.append(bind_product(all_slopes, weights["weight"].transpose(0, 2, 1), flat))
        dx = flat.reshape(runs, time, batch, features).transpose(0, 2, 1, 3)

    def finish() -> Array | None:
        for multiply in products:
            multiply()
        return dx

    return Unrolled(slopes, carried, carry, finish)


def upstream_at(dy: Array, t: int, time: int, *, return_sequences: bool) -> Array | None:
    """The part of ∂L/∂output that belongs to one time, (runs, batch, units), or None."""
    if return_sequences:
        part: Array = dy[:, :, t]
        return part
    return dy if t == time - 1 else None
