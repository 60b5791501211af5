"""Backpropagated gradients against central differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from nn_samples import targets
from numpy.typing import NDArray

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
    case = Case(layers, loss, input_shape, batch=batch, seed=seed)
    return relative_error(case.backpropagated(), case.central_differences())


class Case:
    """A network with its loss on random numbers, and the gradients of that in two ways.

    Args:
        layers, loss, input_shape, batch, seed: as for `gradient_error`.
        codes: whether the input is whole numbers below this, with respect to which there is no gradient.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss,
        input_shape: Shape,
        *,
        batch: int = 5,
        seed: int = 0,
        codes: int | None = None,
    ) -> None:
        rng = np.random.default_rng(seed)
        network = Network(layers, input_shape)
        drawn = [network.initial_parameters(INITIALIZERS["lecun_normal"](), seed + run) for run in range(2)]
        self.parameters = np.array(drawn) + 0.1 * rng.standard_normal((2, network.parameter_count))
        self.gradients = np.full_like(self.parameters, np.nan)
        self.x = rng.standard_normal((2, batch, *input_shape))
        if codes is not None:
            self.x = rng.integers(0, codes, self.x.shape).astype(float)
        self.arrays = [self.parameters] if codes is not None else [self.parameters, self.x]
        generators = network.generators([1, 2])
        self._states = [(g, g.bit_generator.state) for own in generators.values() for g in own]
        self.bound = network.bind(
            self.x, self.parameters, self.gradients, generators=generators, input_gradient=codes is None
        )
        classes = network.output_shape[0]
        given = [loss.encode(targets(loss, batch, rng, classes), classes, self.x.dtype) for _ in range(2)]
        self.encoded, self.loss = np.array(given), loss
        self._derive = loss.bind(self.bound.output, self.encoded)

    def value(self) -> NDArray[np.float64]:
        """The loss of each run, with the same noise every time."""
        for generator, state in self._states:
            generator.bit_generator.state = state
        self.bound.forward()
        return self.loss.value(self.bound.output, self.encoded)

    def backpropagated(self) -> list[NDArray[np.float64]]:
        """∂L/∂parameters and ∂L/∂x as the backward pass has them."""
        self.value()
        passed_back = self.bound.backward(self._derive())
        return [self.gradients.copy(), np.array(passed_back)][: len(self.arrays)]

    def central_differences(self) -> list[NDArray[np.float64]]:
        """The same from values of the loss alone."""
        found = []
        for array in self.arrays:
            numeric = np.empty_like(array)
            for place in np.ndindex(array.shape[1:]):
                kept = array[:, *place].copy()
                array[:, *place] = kept + STEP
                above = self.value()
                array[:, *place] = kept - STEP
                numeric[:, *place] = (above - self.value()) / (2 * STEP)
                array[:, *place] = kept
            found.append(numeric)
        return found


def relative_error(exact: Sequence[NDArray[Any]], numeric: Sequence[NDArray[Any]]) -> float:
    """The largest difference between arrays, each relative to its largest value; infinite for a NaN."""
    error = 0.0
    for one, other in zip(exact, numeric, strict=True):
        difference = np.abs(other - one).max(initial=0) / np.abs(other).max(initial=1e-3)
        error = np.fmax(error, difference) if np.isfinite(difference) else np.inf
    return float(error)
