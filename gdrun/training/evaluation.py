"""The loss and the metrics of trained weights on one part of the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gdrun.data.prepared import Part, Preprocessor
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss
from gdrun.nn.metric import Metric
from gdrun.nn.network import Network

_CHUNK = 256  # rows a forward pass; fixed, so that the bits depend on nothing else


class Evaluator:
    """Evaluates stacks of parameters on one part of the data.

    Args:
        network: gives the outputs.
        loss, metrics: what is computed of them.
        part: features and targets.
        preprocessor: brings predicted values back to the target's own unit.
        dtype: of the parameters.
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        metrics: Sequence[Metric],
        part: Part,
        preprocessor: Preprocessor,
        dtype: np.dtype[np.floating],
    ) -> None:
        self.network = network
        self.loss = loss
        self.metrics = metrics
        self.features = part.features
        self.preprocessor = preprocessor
        self.dtype = dtype
        self.outputs = network.output_shape[0]
        self.encoded = loss.encode(part.target, self.outputs, dtype)[None]
        self.target = (part.target if loss.task == "classification" else part.raw_target)[None]

    def scores(self, parameters: Array) -> Array:
        """The network's outputs (runs, rows, outputs) for parameters (runs, parameters)."""
        rows = len(self.features)
        scores = np.empty((len(parameters), self.outputs, rows), self.dtype).transpose(0, 2, 1)
        for size, starts in _chunks(rows):
            x = np.empty((1, size, *self.features.shape[1:]), self.dtype)
            bound = self.network.bind(x, parameters)
            for start in starts:
                x[0] = self.features[start : start + size]
                bound.forward()
                scores[:, start : start + size] = bound.output
        return scores

    def predictions(self, scores: Array) -> Array:
        """Class probabilities, or values in the target's own unit: (runs, rows, classes or outputs)."""
        if self.loss.task == "classification":
            return self.loss.probabilities(scores)
        return self.preprocessor.to_target_units(scores)

    def evaluate(self, parameters: Array, penalty: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """ "loss" and every metric's name → its value for each run, (runs,).

        Args:
            parameters: (runs, parameters).
            penalty: (runs,), added to the loss.
        """
        scores = self.scores(parameters)
        values = {"loss": self.loss.value(scores, self.encoded) + penalty}
        if self.metrics:
            predictions = self.predictions(scores)
            for metric in self.metrics:
                values[metric.name] = metric.value(predictions, self.target)
        return values


def _chunks(rows: int) -> list[tuple[int, range]]:
    whole = rows - rows % _CHUNK
    chunks = [(_CHUNK, range(0, whole, _CHUNK)), (rows - whole, range(whole, rows, _CHUNK))]
    return [(size, starts) for size, starts in chunks if len(starts)]
