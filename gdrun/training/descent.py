"""The one loop over the steps of a descent on an objective, for a stack of runs.

Whatever goes down is a row of positions: an update rule's, a search's, or those on a line. What is written
down of each, and when a run ends, is the same for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gdrun.training.positions import DescentWork, positions

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Status = Literal["completed", "stopped", "diverged"]

LOOK_EVERY = 64
"""Steps between two looks at which runs have ended: what they have computed beyond is dropped."""

LOOK_SECONDS = 0.2  # after which there is one anyhow, where steps are slow


@dataclass(frozen=True)
class Trajectory:
    """The way of one run; row 0 is its start.

    Attributes:
        points: (rows, dimension).
        values: (rows,), of the objective, whichever way it is followed.
        norms: (rows,), of the gradient.
        rates: (rows − 1,), the learning rate of each update; None for searches on a line.
        status: how it ended.
        reason: why, where it is not plain.
    """

    points: Array
    values: Array
    norms: Array
    rates: Float64 | None
    status: Status
    reason: str | None

    @property
    def steps(self) -> int:
        """Updates that were made."""
        return len(self.values) - 1

    def best(self, sign: int) -> int | None:
        """The row of the best value, the first of several; None where none is finite."""
        finite = np.isfinite(self.values) & np.isfinite(self.points).all(axis=-1)
        if not finite.any():
            return None
        return int(np.where(finite, sign * self.values, np.inf).argmin())


def descend(work: DescentWork, look: Callable[[int, int, Array], None]) -> list[Trajectory]:
    """Make the descents of a stack.

    Args:
        work: what is done.
        look: called now and then with the steps done, the number of runs that still go on, and all values at
            the moment; whatever it raises ends the descents.

    Raises:
        ConfigError: the method finds nothing on this objective to begin with.
    """
    runs, dimension = work.starts.shape
    points = np.empty((work.steps + 1, runs, dimension), work.dtype)
    values, norms = np.empty((2, work.steps + 1, runs), work.dtype)
    gradients = np.empty((LOOK_EVERY, runs, dimension), work.dtype)
    ends = _Ends(work)
    row = looked = -1
    moment = time.monotonic()

    def look_again() -> int:
        rows = slice(looked + 1, row + 1)
        norms[rows] = np.sqrt(_added_up(np.square(gradients[: row - looked])))
        return ends.look(rows, points, values, gradients, norms)

    with np.errstate(all="ignore"):
        for row, here in enumerate(islice(positions(work), work.steps + 1)):
            points[row], values[row], gradients[row - looked - 1] = here
            if row - looked == LOOK_EVERY or time.monotonic() - moment > LOOK_SECONDS:
                going = look_again()
                looked, moment = row, time.monotonic()
                look(row, going, values[row])
                if not going:
                    break
        if looked < row:
            look_again()
    return [
        ends.trajectory(run, row, points[:, run], values[:, run], norms[:, run], work.rates)
        for run in range(runs)
    ]


def _added_up(vectors: Array) -> Array:
    """The sums over the last axis, one component after the other: it is short, and all others are long."""
    total = vectors[..., 0].copy()
    for place in range(1, vectors.shape[-1]):
        total += vectors[..., place]
    return total


class _Ends:
    """When, how and why each run ended."""

    def __init__(self, work: DescentWork) -> None:
        self.work = work
        self.ended: dict[int, tuple[int, Status, str]] = {}  # run → its last row, and how it came to an end

    def look(self, rows: slice, points: Array, values: Array, gradients: Array, norms: Array) -> int:
        """Look at some rows; returns how many runs go on."""
        count = rows.stop - rows.start
        sums = (_added_up(points[rows]), values[rows], _added_up(gradients[:count]))
        broken = ~np.logical_and.reduce([np.isfinite(found) for found in sums])
        small = norms[rows] < self.work.tolerance
        for run in np.flatnonzero((broken | small).any(axis=0)).tolist():
            if run not in self.ended:
                place = int((broken | small)[:, run].argmax())
                row = rows.start + place
                if broken[place, run]:
                    what = self._not_finite(points[row, run], values[row, run])
                    self.ended[run] = row, "diverged", f"{what} is not finite at step {row}"
                else:
                    said = f"gradient norm {norms[row, run]:.3g} below tolerance {self.work.tolerance:g}"
                    self.ended[run] = row, "stopped", said
        return len(self.work.methods) - len(self.ended)

    def _not_finite(self, point: Array, value: Any) -> str:
        names = self.work.objective.variables
        return next(
            (name for name, x in zip(names, point.tolist(), strict=True) if not np.isfinite(x)),
            "the gradient" if np.isfinite(value) else "the value",
        )

    def trajectory(
        self, run: int, last: int, points: Array, values: Array, norms: Array, rates: Float64 | None
    ) -> Trajectory:
        """The way of a run, whose columns were filled up to the row `last`."""
        row, status, reason = self.ended.get(run, (last, "completed", ""))
        if run not in self.ended and last < self.work.steps:
            status, reason = "stopped", "there is no number left between the ends of the interval"
        own = None if rates is None else rates[:row, run]
        rows = slice(0, row + 1)
        return Trajectory(points[rows], values[rows], norms[rows], own, status, reason or None)
