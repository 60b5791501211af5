"""From the values of target columns to a task, class indices or outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.data.table import Task
from gdrun.errors import DataError
from gdrun.text import printable

TaskOption = Literal["auto", "classification", "regression"]
FEW = 20  # so many distinct whole numbers are still taken for classes
MANY_CLASSES = 10_000  # a network with more outputs is surely not what is meant


@dataclass(frozen=True, eq=False)
class Target:
    """What a `Table` says of its target; `notice` tells how the task was guessed, if it was."""

    task: Task
    values: NDArray[Any]
    classes: tuple[str, ...] = ()
    notice: str | None = None


def class_label(value: Any) -> str:
    """The label of a class given as a number: 3 and 3.0 are "3", 0.5 is "0.5", true is "true"."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def as_classes(values: NDArray[Any] | Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Class indices (rows,) and the labels they index: numbers sorted by value, texts by code point."""
    distinct, indices = np.unique(np.asarray(values), return_inverse=True)
    texts = distinct.dtype.kind in "US"
    labels = tuple(str(value) if texts else class_label(value) for value in distinct)
    return indices.reshape(-1).astype(np.int64), labels


def target_from_numbers(values: NDArray[Any], task: TaskOption | None, name: str, where: str) -> Target:
    """The target that number columns are.

    Without a task, a single column of whole numbers with at most 20 distinct values (and a column of true and
    false) is taken for classes, anything else for a regression.

    Args:
        values: (rows, outputs), finite.
        task: what the user says that it is; None and "auto" leave it to the values.
        name: of the target, for the notice.
        where: file or dataset, for errors.

    Raises:
        DataError: classes in more than one column, or far too many of them.
    """
    single = values.shape[1] == 1
    if task == "regression" or (task in (None, "auto") and not (single and _few_whole_numbers(values[:, 0]))):
        return Target("regression", values.astype(np.float64))
    if not single:
        raise DataError(f"{where}: a classification has one target column, not {values.shape[1]}")
    indices, classes = as_classes(values[:, 0])
    if len(classes) > MANY_CLASSES:
        raise DataError(f"{where}: the target {name!r} has {len(classes):,} classes; is this a regression?")
    guessed = task in (None, "auto") and values.dtype.kind != "b"
    notice = (
        f"target {printable(name, one_line=True)}: {len(classes)} distinct whole numbers, taken for "
        "classes (dataset.task: regression takes them for values)"
    )
    return Target("classification", indices, classes, notice if guessed else None)


def _few_whole_numbers(values: NDArray[Any]) -> bool:
    if values.dtype.kind == "f" and not np.array_equal(values, np.floor(values)):
        return False
    return len(np.unique(values)) <= FEW
