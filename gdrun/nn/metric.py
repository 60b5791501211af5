"""The interface of a metric: a number a run, computed from all predictions at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component
from gdrun.nn.layer import Array
from gdrun.nn.loss import Task


class Metric(Component):
    """The base of every metric. A subclass is a frozen dataclass whose fields are its options.

    Attributes:
        task: what it is for.
        better: its direction.
        is_share: whether it lies between 0 and 1, so that differences are read in percentage points.
        by_ranking: whether only the order of a row's classes counts, not how probable they are.
    """

    task: ClassVar[Task]
    better: ClassVar[Literal["higher", "lower"]]
    is_share: ClassVar[bool] = False
    by_ranking: ClassVar[bool] = False

    def value(self, prediction: Array, target: NDArray[Any]) -> NDArray[np.float64]:
        """The metric of each run, (runs,) in float64; NaN where it isn't defined.

        Args:
            prediction: for classification the class probabilities (runs, rows, classes), or with `by_ranking`
                any numbers in their order; for regression the values (runs, rows, outputs), in the target's
                own unit.
            target: for classification the class indices (runs or 1, rows); for regression the values
                (runs or 1, rows, outputs).
        """
        raise NotImplementedError


def higher_is_better(metrics: Iterable[Metric], column: str) -> bool:
    """Whether more of a quantity is better, by its column: "val_accuracy"; less of a loss always is."""
    quantity = column.partition("_")[2]
    return any(metric.name == quantity and metric.better == "higher" for metric in metrics)
