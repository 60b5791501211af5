"""What a network computes over one or two features: a curve, a surface, or the regions of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.data.prepared import Part, Prepared
from gdrun.nn.layer import Array
from gdrun.randomness import Purpose, generator
from gdrun.training.evaluation import Evaluator
from gdrun.training.work import StackWork

GRID = 40  # points along each of two features
CURVE = 200  # along a single one
MOST_OUTPUTS = 8  # of a curve
MOST_POINTS = 400  # training rows that are shown
_MARGIN = 0.08  # of the range of the training rows, on each side


class Surface:
    """The predictions on a grid over the training rows, for data with one or two number features.

    With two features and classes: `surface.class`, the class at every point, and `surface.margin`, 255 times
    the difference between its probability and the next one; both (y, x). With two features and a regression:
    `surface.value` (y, x), the first target. With one: `curve.value` (x, outputs), values or probabilities.
    Axes and points are in the data's own units.
    """

    def __init__(self, work: StackWork) -> None:
        self.work = work
        self.features = _features(work.data[0])
        self.kind = "surface" if self.features == 2 else "curve"
        self.axes = [_axes(data) for data in work.data]
        self.evaluators = [
            self._evaluator(data, axes) for data, axes in zip(work.data, self.axes, strict=True)
        ]

    @classmethod
    def of(cls, work: StackWork) -> Surface | None:
        """The surface of a stack; None where the data has other features."""
        return cls(work) if _features(work.data[0]) else None

    @property
    def cost(self) -> float:
        """See `Picture`."""
        return 2.0 * self.work.network.multiplications * len(self.evaluators[0].features)

    def _evaluator(self, data: Prepared, axes: list[Array]) -> Evaluator:
        work = self.work
        across = [axis.ravel() for axis in np.meshgrid(*axes)]
        points = np.stack(across, axis=1).astype(data.train.features.dtype)
        rows = np.zeros(len(points), np.intp)  # a point has no target: it gets one that nobody looks at
        part = Part(points, data.train.target[rows], data.train.raw_target[rows], rows)
        return Evaluator(work.network, work.loss, (), part, data.preprocessor, work.dtype)

    def fixed(self, run: int) -> dict[str, Array]:
        """See `Picture`: the axes, some of the training rows and their targets."""
        place = self.work.runs[run].data
        data = self.work.data[place]
        axes = zip("xy", self.axes[place], strict=False)
        own = {f"{self.kind}.{name}": _own_units(axis, data, i) for i, (name, axis) in enumerate(axes)}
        rows = len(data.train.rows)
        chosen: NDArray[Any] = np.arange(rows)
        if rows > MOST_POINTS:
            source = generator(0, Purpose.EVALUATION_SAMPLE)
            chosen = np.sort(source.choice(rows, MOST_POINTS, replace=False))
        features = data.train.features[chosen]
        columns = [_own_units(features[:, i], data, i) for i in range(self.features)]
        target = data.train.raw_target[chosen]
        return own | {
            "points.features": np.stack(columns, axis=1),
            "points.target": target if target.ndim == 1 else target[:, :MOST_OUTPUTS],
        }

    def take(self, variables: Array, runs: Sequence[int]) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """See `Picture`."""
        data = np.array([self.work.runs[run].data for run in runs])
        values: dict[str, Array] = {}
        finite = np.zeros(len(runs), bool)
        for number in sorted(set(data.tolist())):
            places = np.flatnonzero(data == number)
            evaluator = self.evaluators[number]
            predictions = evaluator.predictions(evaluator.scores(variables[places]))
            finite[places] = np.isfinite(predictions).all(axis=(1, 2))
            for name, array in self._picture(predictions).items():
                if name not in values:
                    values[name] = np.zeros((len(runs), *array.shape[1:]), array.dtype)
                values[name][places] = array
        return values, finite

    def _picture(self, predictions: Array) -> dict[str, Array]:
        """Of predictions (runs, points, outputs)."""
        runs, _, outputs = predictions.shape
        if self.kind == "curve":
            return {"curve.value": predictions[..., :MOST_OUTPUTS].astype(np.float32)}
        if self.work.loss.task == "regression":
            return {"surface.value": predictions[..., 0].astype(np.float32).reshape(runs, GRID, GRID)}
        labels = predictions.argmax(axis=-1)
        first = predictions.max(axis=-1)
        np.put_along_axis(predictions, labels[..., None], -1, axis=-1)
        with np.errstate(invalid="ignore"):  # of what isn't finite, and not used
            margin = np.rint(255 * (first - predictions.max(axis=-1))).astype(np.uint8)
        classes = labels.astype(np.uint8 if outputs <= 256 else np.uint16)
        pictures = {"surface.class": classes, "surface.margin": margin}
        return {name: picture.reshape(runs, GRID, GRID) for name, picture in pictures.items()}


def _features(data: Prepared) -> int:
    """How many features there are, where they are one or two numbers a row; else 0."""
    preprocessor, shape = data.preprocessor, data.train.features.shape
    count = len(preprocessor.number_names)
    fits = count in (1, 2) and not preprocessor.levels and shape[1:] == (count,)
    return count if fits else 0


def _axes(data: Prepared) -> list[Array]:
    """The points along each feature, in the network's unit."""
    features = data.train.features.astype(np.float64)
    low, high = features.min(axis=0), features.max(axis=0)
    room = np.where(high > low, _MARGIN * (high - low), 0.5)
    points = CURVE if len(low) == 1 else GRID
    return list(np.linspace(low - room, high + room, points).T)


def _own_units(values: Array, data: Prepared, feature: int) -> NDArray[np.float64]:
    preprocessor = data.preprocessor
    own: NDArray[np.float64] = (
        values.astype(np.float64) * preprocessor.scale[feature] + preprocessor.center[feature]
    )
    return own
