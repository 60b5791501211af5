"""An estimate of the loss's curvature, for optimizers that ask for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss
from gdrun.nn.network import BoundNetwork
from gdrun.randomness import Purpose, generator


def bind_estimate(
    bound: BoundNetwork,
    loss: Loss,
    derive: Callable[[], Array],
    targets: Array,
    gradient: Array,
    layer_state: Array,
    seeds: Sequence[int],
) -> Callable[[Array, int], None]:
    """A function that estimates the diagonal of the Gauss–Newton matrix at the rows in the input buffer.

    Formula:
        b·ĝ², ĝ the gradient of the mean loss over the b rows whose targets are drawn from the prediction

    Args:
        bound: the network, at an input buffer (runs, batch, …) that is filled.
        loss: draws the targets.
        derive: its derivative at `bound.output` and `targets`.
        targets: (runs, batch, width), encoded; they are as before in the end.
        gradient: (runs, parameters), overwritten.
        layer_state: (runs, state), likewise as before.
        seeds: of the runs.

    Returns:
        A function of the array (runs, parameters) that takes the estimate, and the number of the update.

    Reference:
        Liu et al., "Sophia", ICLR 2024: the Gauss–Newton–Bartlett estimator.
    """

    def estimate(curvature: Array, update: int) -> None:
        right, remembered = targets.copy(), layer_state.copy()
        bound.forward()
        layer_state[...] = remembered
        for run, seed in enumerate(seeds):
            source = generator(seed, Purpose.CURVATURE, update)
            targets[run] = loss.drawn(bound.output[run], source)
        bound.backward(derive())
        targets[...] = right
        np.square(gradient, out=curvature)
        np.multiply(curvature, targets.shape[1], out=curvature)

    return estimate
