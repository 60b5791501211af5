"""Datasets whose rows are sequences of shape (time, features)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Ge, Le
from gdrun.data.datasets.embedded import FILES, Embedded
from gdrun.data.datasets.synthetic import Floats, Synthetic
from gdrun.data.table import Table, Task, sealed

_MOST_VALUES = 100_000_000


@dataclass(frozen=True)
class Adding(Synthetic):
    """The adding problem: two numbers of a long sequence are marked, and their sum is asked for.

    Formula:
        at each time a value ~ U(0, 1) and a marker, which is 1 at one time of the first half
        and at one of the second, else 0; y = the sum of both marked values
        A row is a sequence (time, 2).

    Options:
        rows: how many.
        seed: of the dataset alone.
        time: length of a sequence: so far back a network must remember.

    Variant:
        Values, markers and sum as in Le, Jaitly & Hinton, "A simple way to initialize recurrent networks of
        rectified linear units", 2015; the original has values in [−1, 1] and a scaled sum. Who says the mean,
        1, whatever the sequence, has a mean squared error of 1/6. Take `preprocessing: {features: none}`:
        standardizing each time's marker would only blow it up.

    Reference:
        Hochreiter & Schmidhuber, "Long short-term memory", Neural Computation 9, 1997, experiment 4.
    """

    task: ClassVar[Task] = "regression"
    time: Annotated[int, Ge(2), Le(10_000)] = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        if 2 * self.rows * self.time > _MOST_VALUES:
            raise ValueError(f"Adding: rows·time·2 must be at most {_MOST_VALUES:,}; take fewer rows")

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.time, 2)

    def sample(self, random: np.random.Generator) -> tuple[Floats, NDArray[Any], tuple[str, ...]]:
        x = np.zeros((self.rows, self.time, 2))
        x[..., 0] = random.uniform(size=(self.rows, self.time))
        half = self.time // 2
        each = np.arange(self.rows)
        marked = random.integers(0, half, self.rows), random.integers(half, self.time, self.rows)
        for time in marked:
            x[each, time, 1] = 1
        return x.reshape(self.rows, -1), (x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True), ()


@dataclass(frozen=True)
class Sunspots(Embedded):
    """Sunspot numbers of every year from 1700 to 2008: the next year from those before it.

    A row is a sequence (years, 1), and its target the number of the year after; there are 309 − years rows,
    in the order of time.

    Options:
        years: length of a sequence; two cycles of the sun are about 22.

    Variant:
        Yearly means of the international sunspot number, as it was before its revision of 2015. Neighbouring
        rows share years, so the split must be `time_ordered`.

    Reference:
        Yule, "On a method of investigating periodicities in disturbed series, with special reference to
        Wolfer's sunspot numbers", Philosophical Transactions of the Royal Society A 226, 1927. Public domain.
    """

    task: ClassVar[Task] = "regression"
    years: Annotated[int, Ge(1), Le(200)] = 24

    def load(self, folder: Path) -> Table:
        with np.load(FILES / "sunspots.npz", allow_pickle=False) as arrays:
            series = arrays["series"].astype(np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(series[:-1], self.years)
        return sealed(
            Table(
                name=self.name,
                task=self.task,
                numbers=windows.copy(),
                number_names=tuple(f"{years}_years_before" for years in range(self.years, 0, -1)),
                target=series[self.years :, None],
                target_names=("sunspots",),
                row_shape=(self.years, 1),
                overlapping=True,
            )
        )
