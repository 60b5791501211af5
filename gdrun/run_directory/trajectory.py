"""trajectory.csv: the way of a descent, a row a step; row 0 is the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from gdrun.run_directory import tables

TRAJECTORY = "trajectory.csv"
LAST_COLUMNS = ("value", "gradient_norm", "learning_rate")


class Way(Protocol):
    """What there is of a descent: see `gdrun.training.descent.Trajectory`."""

    @property
    def points(self) -> NDArray[Any]: ...
    @property
    def values(self) -> NDArray[Any]: ...
    @property
    def norms(self) -> NDArray[Any]: ...
    @property
    def rates(self) -> NDArray[Any] | None: ...


def pack_trajectory(variables: Sequence[str], way: Way) -> bytes:
    """The content of trajectory.csv: `step`, the variables, and `LAST_COLUMNS`."""
    rows = len(way.values)
    rates = [None] * (rows - 1) if way.rates is None else way.rates.tolist()
    columns = [range(rows), *way.points.T, way.values, way.norms, [None, *rates]]
    return tables.pack_columns(["step", *variables, *LAST_COLUMNS], columns)
