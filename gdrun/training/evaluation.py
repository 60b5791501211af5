"""The loss and the metrics of trained weights on one part of the data."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.component import stack
from gdrun.data.prepared import Part, Prepared
from gdrun.data.preprocessing import Preprocessor
from gdrun.nn.layer import Array
from gdrun.nn.loss import Loss
from gdrun.nn.metric import Metric
from gdrun.nn.network import BoundNetwork, Network
from gdrun.randomness import Purpose, generator
from gdrun.training.work import StackWork

_CHUNK = 256  # rows a forward pass; fixed, so that the bits depend on nothing else
_GROUP_BYTES = 1 << 18  # of scores of runs that are evaluated together: they stay in a second-level cache


class Evaluator:
    """Evaluates stacks of variables (parameters and layer state) on one part of the data.

    Args:
        network: gives the outputs.
        loss, metrics: what is computed of them.
        part: features and targets.
        preprocessor: brings predicted values back to the target's own unit.
        dtype: of the variables.
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        metrics: Sequence[Metric],
        part: Part,
        preprocessor: Preprocessor,
        dtype: np.dtype[Any],
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
        self.variables: dict[int, Array] = {}  # by runs: a buffer for theirs
        self.bound: dict[tuple[int, int], tuple[Array, BoundNetwork]] = {}  # by runs and rows: with the input

    def scores(self, variables: Array) -> Array:
        """The network's outputs (runs, rows, outputs) for variables (runs, variables)."""
        runs, rows = len(variables), len(self.features)
        if runs not in self.variables:
            self.variables[runs] = np.empty(variables.shape, self.dtype)
        self.variables[runs][...] = variables
        parameters, state = np.split(self.variables[runs], [self.network.parameter_count], axis=1)
        scores = np.empty((runs, self.outputs, rows), self.dtype).transpose(0, 2, 1)
        for size, starts in _chunks(rows):
            if (runs, size) not in self.bound:
                x = np.empty((1, size, *self.features.shape[1:]), self.dtype)
                self.bound[runs, size] = x, self.network.bind(x, parameters, state=state)
            x, bound = self.bound[runs, size]
            for start in starts:
                x[0] = self.features[start : start + size]
                bound.forward()
                scores[:, start : start + size] = bound.output
        return scores

    def predictions(self, scores: Array) -> Array:
        """Class probabilities, or values in the target's own unit: (runs, rows, classes or outputs)."""
        if self.loss.task == "classification":
            return self.loss.probabilities(scores)
        return self.preprocessor.to_target_units(self.loss.estimates(scores))

    def evaluate(self, variables: Array, penalty: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """ "loss" and every metric's name → its value for each run, (runs,).

        Args:
            variables: (runs, variables).
            penalty: (runs,), added to the loss.
        """
        each = self.dtype.itemsize * self.outputs * len(self.features)
        groups = math.ceil(len(variables) * each / _GROUP_BYTES) or 1
        size = math.ceil(len(variables) / groups)
        found = [
            self.values(self.scores(variables[start : start + size]), penalty[start : start + size])
            for start in range(0, len(variables), size)
        ]
        return {name: np.concatenate([values[name] for values in found]) for name in found[0]}

    def values(self, scores: Array, penalty: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """The same for outputs (runs, rows, outputs) that `scores` gave."""
        values = {"loss": self.loss.value(scores, self.encoded) + penalty}
        predictions: dict[bool, Array] = {}
        for metric in self.metrics:
            if (order := metric.by_ranking) not in predictions:
                predictions[order] = self.loss.ranking(scores) if order else self.predictions(scores)
            values[metric.name] = metric.value(predictions[order], self.target)
        return values


class StackEvaluator:
    """Evaluates the runs of a stack on the training and validation rows of their own data sets.

    Attributes:
        seconds: that it took so far.
    """

    def __init__(self, work: StackWork) -> None:
        self.work = work
        self.seconds = 0.0
        self.train = [self._evaluator(data, _sample(data.train, work.evaluated_rows)) for data in work.data]
        self.validation = [self._evaluator(data, data.validation) for data in work.data]

    def _evaluator(self, data: Prepared, part: Part | None) -> Evaluator | None:
        work = self.work
        if part is None:
            return None
        return Evaluator(work.network, work.loss, work.metrics, part, data.preprocessor, work.dtype)

    def evaluate(
        self, variables: Array, runs: Sequence[int]
    ) -> list[tuple[dict[str, float], dict[str, float]]]:
        """The training values and the validation values (or none) of each run.

        Args:
            variables: (runs, variables).
            runs: their places in the plan.
        """
        began = time.perf_counter()
        data = np.array([self.work.runs[run].data for run in runs])
        penalty = penalties(self.work, variables, runs)
        train: list[dict[str, float]] = [{} for _ in runs]
        validation: list[dict[str, float]] = [{} for _ in runs]
        for number in sorted(set(data.tolist())):
            places = np.flatnonzero(data == number)
            own = variables if len(places) == len(runs) else variables[places]
            for evaluator, values in ((self.train[number], train), (self.validation[number], validation)):
                if evaluator is not None:
                    for name, column in evaluator.evaluate(own, penalty[places]).items():
                        for place, value in zip(places, column.tolist(), strict=True):
                            values[place][name] = value
        self.seconds += time.perf_counter() - began
        return list(zip(train, validation, strict=True))


def penalties(work: StackWork, variables: Array, runs: Sequence[int]) -> NDArray[np.float64]:
    """The penalty that belongs to the loss of each run, (runs,)."""
    chosen = [work.runs[run].penalty for run in runs]
    if not any(penalty.l1 or penalty.l2 for penalty in chosen):
        return np.zeros(len(variables))
    return stack(chosen).value(variables, work.network.weight_count)


def _sample(part: Part, most: int | None) -> Part:
    """At most so many rows of a part: the same ones for every run and every epoch."""
    rows = len(part.rows)
    if most is None or rows <= most:
        return part
    chosen = np.sort(generator(0, Purpose.EVALUATION_SAMPLE).choice(rows, most, replace=False))
    return replace(
        part,
        features=part.features[chosen],
        target=part.target[chosen],
        raw_target=part.raw_target[chosen],
        rows=part.rows[chosen],
    )


def _chunks(rows: int) -> list[tuple[int, range]]:
    whole = rows - rows % _CHUNK
    chunks = [(_CHUNK, range(0, whole, _CHUNK)), (rows - whole, range(whole, rows, _CHUNK))]
    return [(size, starts) for size, starts in chunks if len(starts)]
