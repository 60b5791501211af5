"""A dataset as it was read, before any split: numbers, categories, target."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Category:
    """A column of labels: `codes` (rows,) index `levels`, -1 where the value is missing."""

    name: str
    codes: NDArray[np.int32]
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows as they were read.

    Attributes:
        name: of the dataset, for messages.
        task: what is predicted.
        numbers: (rows, number columns) floats, NaN where a value is missing; float32 or float64.
        number_names: their names.
        categories: the label columns among the features.
        target: class indices (rows,) int64, or values (rows, outputs) float64.
        target_names: names of the target columns.
        classes: the sorted distinct labels; empty for regression.
        groups: (rows,) integers telling rows that belong together, or None.
        fixed: rows that the data set itself assigns: "validation" and "test" → row numbers.
        sha256: of the content, hexadecimal.
    """

    name: str
    task: Task
    numbers: NDArray[Any]
    number_names: tuple[str, ...]
    target: NDArray[Any]
    target_names: tuple[str, ...] = ("target",)
    categories: tuple[Category, ...] = ()
    classes: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    fixed: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    sha256: str = ""

    @property
    def rows(self) -> int:
        return len(self.target)


class Dataset(Component):
    """The base of every dataset. A subclass is a frozen dataclass whose fields are its options."""

    task: ClassVar[Task | None] = None  # None: only the data can tell

    def load(self, folder: Path) -> Table:
        """Read or make the rows.

        Args:
            folder: what relative paths in the options are relative to.

        Raises:
            DataError: with the file, line and column.
        """
        raise NotImplementedError
