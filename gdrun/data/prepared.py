"""The arrays that training works on: a table, split and preprocessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gdrun.data.columns import FeatureScaling, MissingValues, TargetScaling
from gdrun.data.preprocessing import Preprocessor
from gdrun.data.split import SplitRows
from gdrun.data.table import Table, Task, sealed


@dataclass(frozen=True, eq=False)
class Part:
    """The training, validation or test rows.

    Attributes:
        features: (rows, columns), or (rows, *row_shape) where rows have a shape, in the run's dtype.
        target: class indices (rows,) int64, or values (rows, outputs) float64 in the network's unit.
        raw_target: the same in the target's own unit; for classification the same array.
        rows: (rows,) row numbers in the dataset, ascending.
    """

    features: NDArray[Any]
    target: NDArray[Any]
    raw_target: NDArray[Any]
    rows: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that training needs to know of the data.

    Attributes:
        name: of the dataset.
        task: what is predicted.
        classes: the labels that class indices stand for; empty for regression.
        target_names: names of the target columns.
        preprocessor: fitted on the training rows.
        train, validation, test: the parts; None where one has no rows.
        notices: what a user should know: filled values, unseen levels, classes that are not trained on.
        sha256: of the whole table.
    """

    name: str
    task: Task
    classes: tuple[str, ...]
    target_names: tuple[str, ...]
    preprocessor: Preprocessor
    train: Part
    validation: Part | None
    test: Part | None
    notices: list[str]
    sha256: str

    @property
    def targets(self) -> int:
        """How many classes, or target columns: what `Loss.outputs` asks for."""
        return len(self.classes) if self.task == "classification" else len(self.target_names)


def prepare(
    table: Table,
    rows: SplitRows,
    features: FeatureScaling = "standardize",
    missing: MissingValues = "mean",
    target: TargetScaling = "standardize",
    dtype: DTypeLike = np.float32,
) -> Prepared:
    """Fit the preprocessing on the training rows and apply it to every part.

    Args:
        table: the dataset.
        rows: which rows are in which part.
        features, missing, target: see `Preprocessor.fit`.
        dtype: of the features.

    Raises:
        DataError: the data cannot be preprocessed in this way, or the training rows are of one class.
    """
    preprocessor = Preprocessor.fit(table, rows.train, features, missing, target)
    parts = {
        name: make_part(table, part_rows, preprocessor, dtype)
        for name, part_rows in (("train", rows.train), ("validation", rows.validation), ("test", rows.test))
        if len(part_rows)
    }
    notices = [*table.notices, *preprocessor.notices(table, np.arange(table.rows))]
    if table.task == "classification":
        counts = np.bincount(parts["train"].target, minlength=len(table.classes))
        absent = [label for label, count in zip(table.classes, counts, strict=True) if count == 0]
        if absent:
            notices.append(f"no training row is of class {', '.join(map(repr, absent))}")
    return Prepared(
        name=table.name,
        task=table.task,
        classes=table.classes,
        target_names=table.target_names,
        preprocessor=preprocessor,
        train=parts["train"],
        validation=parts.get("validation"),
        test=parts.get("test"),
        notices=notices,
        sha256=table.sha256 or sealed(table).sha256,
    )


def make_part(
    table: Table, rows: NDArray[np.int64], preprocessor: Preprocessor, dtype: DTypeLike = np.float32
) -> Part:
    """Some rows of a table in the form that training and evaluation take."""
    raw_target = table.target[rows]
    features = preprocessor.transform(table, rows, dtype)
    return Part(features, preprocessor.transform_target(raw_target), raw_target, rows)
