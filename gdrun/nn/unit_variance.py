"""Starting weights that fit a first batch: what the initializer `lsuv` needs beside its own draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.activations.identity import Identity
from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.lsuv import Lsuv
from gdrun.nn.layer import Array, Layer, Workspace
from gdrun.nn.layers.residual import Residual
from gdrun.nn.network import Network, bind_layers, share_of
from gdrun.randomness import Purpose, generator


def scale_to_unit_variance(
    network: Network, parameters: NDArray[np.float64], initializer: Initializer, seed: int, rows: Array
) -> None:
    """Scale, in place, the weights of one run that `lsuv` has drawn; others stay as they are.

    Args:
        network: whose `initial_parameters` gave the parameters.
        parameters: (parameters,).
        initializer: of the weights without one of their own.
        seed: of the run.
        rows: the run's training rows (rows, *input_shape), of which a batch is drawn.

    Raises:
        ValueError: a layer whose outputs don't follow the scale of one array of weights.
    """
    chosen = {
        slot.name: asked
        for slot in network.slots
        if isinstance(asked := slot.parameter.initializer or (slot.parameter.is_weight and initializer), Lsuv)
    }
    if not chosen:
        return
    source = generator(seed, Purpose.INITIAL_WEIGHTS, len(network.slots))  # after those of the parameters
    count = min(len(rows), max(asked.rows for asked in chosen.values()))
    batch = rows[np.sort(source.choice(len(rows), count, replace=False))]
    _scale_layers(
        network.layers,
        batch[None].astype(np.float64),
        network.views(parameters[None]),
        network.state_views(network.initial_state()[None]),
        chosen,
    )


def _scale_layers(
    layers: Sequence[Layer],
    x: Array,
    weights: Mapping[str, Array],
    state: Mapping[str, Array],
    chosen: Mapping[str, Lsuv],
) -> None:
    """Scale the layers one after the other, each on what those before it make of x (1, rows, *shape)."""
    for index, layer in enumerate(layers):
        prefix = f"layers.{index}."
        own_weights, own_state = share_of(weights, prefix), share_of(state, prefix)
        own_chosen = share_of(chosen, prefix)
        if isinstance(layer, Residual):
            _scale_layers(layer.layers, x, own_weights, own_state, own_chosen)
        elif own_chosen:
            try:
                _scale(layer, x, own_weights, own_state, own_chosen)
            except ValueError as error:
                raise ValueError(f"layers.{index} ({layer.name}): {error}") from error
        x = _outputs(layer, x, own_weights, own_state)()


def _scale(
    layer: Layer,
    x: Array,
    weights: Mapping[str, Array],
    state: Mapping[str, Array],
    chosen: Mapping[str, Lsuv],
) -> None:
    """Scale the weights of one layer."""
    advice = "give it a weight_initializer of its own, such as orthogonal"
    if len(chosen) > 1:
        raise ValueError(f"lsuv scales one array of weights, and here are {', '.join(chosen)}; {advice}")
    ((name, options),) = chosen.items()
    bare: Any = layer
    if hasattr(layer, "activation"):
        bare = replace(bare, activation=Identity())
    outputs = _outputs(bare, x, weights, state)
    for _ in range(options.iterations):
        variance = float(outputs().var())
        if variance == 0 or not math.isfinite(variance) or abs(variance - 1) < options.tolerance:
            return
        weights[name][...] /= math.sqrt(variance)
    variance = float(outputs().var())
    if abs(variance - 1) >= options.tolerance:
        raise ValueError(
            f"{options.iterations} scalings by lsuv leave its outputs with variance {variance:.3g}; {advice}"
        )


def _outputs(
    layer: Layer, x: Array, weights: Mapping[str, Array], state: Mapping[str, Array]
) -> Callable[[], Array]:
    """A function that gives the outputs of one layer for x, with the weights as they are."""
    named_weights, named_state = (
        {f"layers.0.{name}": value for name, value in values.items()} for values in (weights, state)
    )
    workspace = Workspace(1, x.shape[1], x.dtype, training=False)
    bound = bind_layers([layer], x, named_weights, {}, named_state, {}, workspace)

    def outputs() -> Array:
        bound.forward()
        return bound.output

    return outputs
