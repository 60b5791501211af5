"""Backpropagated gradients against central differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from nn_samples import targets

from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layer import Layer, Shape
from gdrun.nn.loss import Loss
from gdrun.nn.network import Network

STEP = 1e-6  # far smaller than the distance of these random numbers to any kink
RIGHT = 1e-7  # errors of right gradients are below
WRONG = 1e-2  # errors of wrong ones are above


def gradient_error(
    layers: Sequence[Layer], loss: Loss, input_shape: Shape, *, batch: int = 5, seed: int = 0
) -> float:
    """The largest difference between ∂L/∂parameters, ∂L/∂x and central differences, relative to the largest.

    Two runs with different weights are checked at once, in float64, each with noise frozen to one draw.
    """
    rng = np.random.default_rng(seed)
    network = Network(layers, input_shape)
    drawn = [network.initial_parameters(INITIALIZERS["lecun_normal"](), seed + run) for run in range(2)]
    parameters = np.array(drawn) + 0.1 * rng.standard_normal((2, network.parameter_count))
    gradients = np.full_like(parameters, np.nan)
    x = rng.standard_normal((2, batch, *input_shape))
    generators = network.generators([1, 2])
    states = [(g, g.bit_generator.state) for own in generators.values() for g in own]
    bound = network.bind(x, parameters, gradients, generators=generators, input_gradient=True)
    classes = network.output_shape[0]
    encoded = np.array([loss.encode(targets(loss, batch, rng, classes), classes, x.dtype) for _ in range(2)])
    derive = loss.bind(bound.output, encoded)

    def value():
        for generator, state in states:
            generator.bit_generator.state = state
        bound.forward()
        return loss.value(bound.output, encoded)

    value()
    input_gradient = np.array(bound.backward(derive()))
    error = 0.0
    for array, exact in ((parameters, gradients.copy()), (x, input_gradient)):
        numeric = np.empty_like(exact)
        for place in np.ndindex(array.shape[1:]):
            kept = array[:, *place].copy()
            array[:, *place] = kept + STEP
            above = value()
            array[:, *place] = kept - STEP
            numeric[:, *place] = (above - value()) / (2 * STEP)
            array[:, *place] = kept
        difference = np.abs(numeric - exact).max(initial=0) / np.abs(numeric).max(initial=1e-3)
        error = np.fmax(error, difference) if np.isfinite(difference) else np.inf
    return float(error)
