"""How the activations, gradients and weights of every layer are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_copy, aligned_zeros
from gdrun.nn.layer import Array
from gdrun.nn.layers.activation_layer import ActivationLayer
from gdrun.nn.network import Network, Slot
from gdrun.training.work import StackWork

ROWS = 256  # training rows that activations and gradients are of; evenly spread, the same ones every time
BINS = 64
MOST_LAYERS = 24


class Histograms:
    """Histograms of every layer of a stack of runs, of one forward and backward pass as in training.

    `activations` are the outputs of a layer, of those layers that compute something; `gradients` are those of
    the loss, without penalty, with respect to a layer's weights; `weights` are these. Of each there is:

        <kind>.counts   (layers, 64) how many values fall in each bin
        <kind>.range    (layers, 2) from where to where the bins reach: the least and the largest value
        <kind>.moments  (layers, 3) mean, standard deviation, and the share of values that are 0

    Of gradients counts and range are of log₁₀|g|, values that are 0 left out. `activations.layers` and
    `weights.layers` are the numbers of the layers, at most 24 of them, evenly spread.
    """

    def __init__(self, work: StackWork) -> None:
        self.work = work
        network = work.network
        slots = [slot for slot in network.slots if slot.parameter.is_weight]
        self.active = _some([i for i in range(len(network.layers)) if _computes(network, i)])
        self.weighted = _some(sorted({slot.layer for slot in slots}))
        self.slots: list[list[Slot]] = [[s for s in slots if s.layer == layer] for layer in self.weighted]
        self.rows = np.unique(np.linspace(0, work.train_rows - 1, min(ROWS, work.train_rows)).astype(int))

    @classmethod
    def of(cls, work: StackWork) -> Histograms | None:
        """The histograms of a stack; None where they aren't asked for."""
        return cls(work) if work.diagnostics else None

    @property
    def cost(self) -> float:
        """See `Picture`."""
        return 6.0 * self.work.network.multiplications * len(self.rows)

    def fixed(self, run: int) -> dict[str, Array]:
        """See `Picture`: which layers."""
        return {"activations.layers": np.array(self.active), "weights.layers": np.array(self.weighted)}

    def take(self, variables: Array, runs: Sequence[int]) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """See `Picture`."""
        found: list[dict[str, Array]] = []
        for run, own in zip(runs, variables, strict=True):
            outputs, gradient = self._passes(run, own)
            weights = [np.concatenate([own[s.start : s.stop] for s in slots]) for slots in self.slots]
            slopes = [np.concatenate([gradient[s.start : s.stop] for s in slots]) for slots in self.slots]
            found.append(
                _described("activations", outputs)
                | _described("gradients", slopes, logarithmic=True)
                | _described("weights", weights)
            )
        values = {name: np.stack([one[name] for one in found]) for name in found[0]}
        finite = [all(np.isfinite(array).all() for array in one.values()) for one in found]
        return values, np.array(finite)

    def _passes(self, run: int, variables: Array) -> tuple[list[Array], Array]:
        """The outputs of the active layers and the gradient (parameters,), of a run with these (variables,).

        Everything that a pass writes to is its own, so that training doesn't notice: a copy of the layers'
        state, and generators of noise that begin anew.
        """
        work = self.work
        network, part = work.network, work.data[work.runs[run].data].train
        x = part.features[self.rows][None]
        y = work.loss.encode(part.target[self.rows], network.output_shape[0], work.dtype)[None]
        parameters, state = np.split(variables[None], [network.parameter_count], axis=1)
        gradient = aligned_zeros(parameters.shape, work.dtype)
        generators = network.generators([work.runs[run].seed])
        bound = network.bind(
            x,
            aligned_copy(parameters),
            gradient,
            state=aligned_copy(state),
            generators=generators,
            each_output=True,
        )
        outputs = []
        for index, (forward, output) in enumerate(zip(bound.forward_passes, bound.outputs, strict=True)):
            forward()
            if index in self.active:  # at once: the next layer may write over it
                outputs.append(output.ravel().copy())
        bound.backward(work.loss.bind(bound.output, y)())
        return outputs, gradient[0]


def _computes(network: Network, index: int) -> bool:
    """Whether a layer's outputs are other values than its inputs: not so of a flatten or a dropout."""
    layer, before, after = network.layers[index], network.shapes[index], network.shapes[index + 1]
    parameters = any(slot.layer == index for slot in network.slots)
    return parameters or isinstance(layer, ActivationLayer) or prod(before) != prod(after)


def _some(layers: list[int]) -> list[int]:
    places = np.linspace(0, len(layers) - 1, min(len(layers), MOST_LAYERS)).round().astype(int)
    return [layers[place] for place in places]


def _described(kind: str, layers: Sequence[Array], *, logarithmic: bool = False) -> dict[str, Array]:
    """Counts, range and moments of the values (count,) of each layer."""
    counts = np.zeros((len(layers), BINS), np.uint32)
    bounds, moments = np.zeros((len(layers), 2)), np.zeros((len(layers), 3))
    for index, layer in enumerate(layers):
        values = layer.astype(np.float64)
        moments[index] = values.mean(), values.std(), np.mean(values == 0)
        if logarithmic:
            values = np.log10(np.abs(values[values != 0]))
        if not len(values) or not np.isfinite(values).all():
            continue
        low, high = bounds[index] = values.min(), values.max()
        scale = BINS / (high - low) if high > low else 0.0  # all alike: in the first bin
        places = np.minimum((values - low) * scale, BINS - 1).astype(np.intp)
        counts[index] = np.bincount(places, minlength=BINS)
    return {f"{kind}.counts": counts, f"{kind}.range": bounds, f"{kind}.moments": moments}
