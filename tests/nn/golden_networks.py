"""A network's values and gradients against those of another implementation."""

from __future__ import annotations

from typing import Any

import numpy as np
from nn_samples import layer

from gdrun.nn.layer import Array
from gdrun.nn.network import BoundNetwork, Network


def check_golden(case: dict[str, Any], runs: int) -> tuple[Network, BoundNetwork, Array, Array]:
    """Output, input gradient and weight gradients of so many equal runs; returns what was bound.

    Returns:
        The network, bound to an input (runs, batch, …), that input, and the state (runs, state) afterwards.
    """
    row = np.array(case["input"], float)
    network = Network([layer(entry) for entry in case["layers"]], row.shape[1:])
    parameters = np.empty((runs, network.parameter_count))
    views = network.views(parameters)
    assert set(views) == set(case["weights"])
    for name, values in case["weights"].items():
        views[name][...] = values
    gradients = np.full_like(parameters, np.nan)
    x = np.array([row] * runs)
    state = np.array([network.initial_state()] * runs)
    bound = network.bind(x, parameters, gradients, state=state, input_gradient=True)
    bound.forward()
    dx = bound.backward(np.array([case["output_gradient"]] * runs))
    assert dx is not None
    for run in range(runs):
        np.testing.assert_allclose(bound.output[run], case["output"], rtol=1e-10, atol=1e-14)
        if "input_gradient" in case:
            np.testing.assert_allclose(dx[run], case["input_gradient"], rtol=1e-10, atol=1e-14)
        for name, view in network.views(gradients).items():
            np.testing.assert_allclose(view[run], case["weight_gradients"][name], rtol=1e-10, atol=1e-14)
    return network, bound, x, state
