"""What datasets made by a formula share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Ge, Le, WholeNumber
from gdrun.data.table import Dataset, Table, Task, sealed
from gdrun.randomness import Purpose, generator

Floats = NDArray[np.float64]
RowCount = Annotated[int, Ge(2), Le(1_000_000)]
ColumnCount = Annotated[int, Ge(1), Le(1_000)]


@dataclass(frozen=True)
class Synthetic(Dataset):
    """The base of the synthetic datasets: float64 columns x0, x1, … and a target y, all from one seed.

    Classes take turns, row by row, so that each has the same number of rows (up to one) and the order of
    the rows tells nothing.
    """

    task: ClassVar[Task]
    rows: RowCount = 500
    seed: WholeNumber = 0

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        """Of a `Table`."""
        return None

    def load(self, folder: Path) -> Table:
        x, y, classes = self.sample(generator(self.seed, Purpose.SYNTHETIC_DATA))
        return sealed(
            Table(
                name=self.name,
                task=self.task,
                numbers=x,
                number_names=tuple(f"x{index}" for index in range(x.shape[1])),
                target=y,
                target_names=("y",),
                row_shape=self.row_shape,
                classes=classes,
            )
        )

    def sample(self, random: np.random.Generator) -> tuple[Floats, NDArray[Any], tuple[str, ...]]:
        """Features (rows, columns), target as in a `Table`, and the labels of the classes."""
        raise NotImplementedError

    def turns(self, classes: int) -> NDArray[np.int64]:
        """The class of each row: 0, 1, …, classes − 1, 0, 1, …"""
        return np.arange(self.rows) % classes
