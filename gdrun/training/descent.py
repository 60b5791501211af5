"""The one loop over the steps of a descent on an objective, for a stack of runs.

Whatever goes down is a row of positions: an update rule's, a search's, or those on a line. What is written
down of each, and when a run ends, is the same for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_copy, aligned_zeros
from gdrun.component import stack
from gdrun.errors import ConfigError
from gdrun.objectives.line_methods import Line, LineMethod
from gdrun.objectives.objective import Objective
from gdrun.optim.clipping import GradientClipping
from gdrun.optim.method import Method
from gdrun.optim.optimizer import Optimizer
from gdrun.optim.schedule import RunLength, Schedule
from gdrun.optim.search_stepper import SearchStepper
from gdrun.optim.searcher import Searcher
from gdrun.optim.stepper import Stepper
from gdrun.training.wrappers import Wrapped, Wrappers

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Status = Literal["completed", "stopped", "diverged"]

LOOK_EVERY = 64
"""Steps between two looks at which runs have ended: what they have computed beyond is dropped."""

LOOK_SECONDS = 0.2  # after which there is one anyhow, where steps are slow

PREPARED = 1024  # steps at a time


@dataclass(frozen=True)
class DescentWork:
    """Descents that are made together.

    Attributes:
        objective: the function.
        sign: what it is multiplied with to be minimized: 1, or −1 for ascent.
        dtype: float32 or float64.
        starts: (runs, dimension).
        methods: one a run, of one class and equal but for float options.
        schedules: likewise, of any kind.
        runs: what is around the method of each, and its seed, for what draws random numbers.
        interval: in which a search on a line looks, where it takes one.
        steps: how many.
        tolerance: a run stops when the norm of its gradient falls below this; 0 for never.
        gradient_clipping: of the gradients that the method sees; those that are written down are whole.
    """

    objective: Objective
    sign: int
    dtype: np.dtype[Any]
    starts: Float64
    methods: Sequence[Method | LineMethod]
    schedules: Sequence[Schedule]
    runs: Sequence[Wrapped]
    interval: tuple[float, float] | None
    steps: int
    tolerance: float = 0.0
    gradient_clipping: GradientClipping | None = None

    @property
    def length(self) -> RunLength:
        """The planned length: an epoch is a step."""
        return RunLength(self.steps, 1)

    @cached_property
    def rates(self) -> Float64 | None:
        """The learning rate of every step, (steps, runs); None for searches on a line."""
        factors = {one: one.learning_rate_factors(self.length) for one in dict.fromkeys(self.schedules)}
        bases = [method.base_rate for method in self.methods if isinstance(method, Method)]
        if len(bases) < len(self.methods):
            return None
        return np.stack(
            [base * factors[one] for base, one in zip(bases, self.schedules, strict=True)], axis=1
        )


class Here(NamedTuple):
    """Where all runs are after a step: points (runs, dimension), values (runs,), gradients likewise.

    Once points are averaged, these are the averages, with the values and gradients there.
    """

    points: Array
    values: Array
    gradients: Array


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
        for row, here in enumerate(islice(_positions(work), work.steps + 1)):
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


def _positions(work: DescentWork) -> Iterator[Here]:
    """Where the runs are: at the start, then after every step."""
    first = work.methods[0]
    if isinstance(first, Optimizer):
        return _stepped(work, [one for one in work.methods if isinstance(one, Optimizer)])
    if isinstance(first, Searcher):
        return _searched(work, [one for one in work.methods if isinstance(one, Searcher)])
    if isinstance(first, LineMethod):
        return _on_line(work, first)
    raise ConfigError(f"{first.name} is made for networks alone; take another optimizer")


def _stepped(work: DescentWork, optimizers: Sequence[Optimizer]) -> Iterator[Here]:
    theta = aligned_copy(work.starts.astype(work.dtype))
    g = aligned_zeros(theta.shape, work.dtype)
    stepper = Stepper(stack(optimizers), theta, g)
    wrappers = Wrappers(work.length, work.runs, theta, g)
    rates = work.rates
    assert rates is not None  # noqa: S101 - these have some
    moments = {one: one.momentum(work.length) for one in dict.fromkeys(work.schedules)}
    look = _Look(work, wrappers, theta, g)
    yield look(0)
    for first in range(0, work.steps, PREPARED):
        some = slice(first, min(first + PREPARED, work.steps))
        cycled = {run: moments[one] for run, one in enumerate(work.schedules)}
        momentum = {run: cycle[some] for run, cycle in cycled.items() if cycle is not None}
        stepper.prepare(rates[some], first, momentum)
        for k in range(some.stop - first):
            if work.sign < 0:
                np.negative(g, out=g)
            if work.gradient_clipping is not None:
                work.gradient_clipping.clip(g)
            for change in wrappers.before:
                change(some.start + k)
            stepper.step(k)
            for follow in wrappers.after:
                follow(some.start + k + 1)
            yield look(some.start + k + 1)


def _searched(work: DescentWork, searchers: Sequence[Searcher]) -> Iterator[Here]:
    here = aligned_copy(work.starts.astype(work.dtype))
    g, downhill = np.zeros_like(here), np.zeros_like(here)
    rates = work.rates
    assert rates is not None  # noqa: S101 - these have some

    def evaluate(theta: Array, with_gradient: bool) -> tuple[Float64, Array | None]:
        values = work.objective.evaluate(theta, downhill)
        np.multiply(downhill, work.sign, out=downhill)
        return (work.sign * values).astype(np.float64), downhill if with_gradient else None

    seeds, clipping = [run.seed for run in work.runs], work.gradient_clipping
    stepper = SearchStepper(searchers, here, evaluate, seeds=seeds, steps=work.steps, clipping=clipping)
    wrappers = Wrappers(work.length, work.runs, here, g)
    look = _Look(work, wrappers, here, g)
    yield look(0)
    for step in range(work.steps):
        stepper.prepare(rates[step : step + 1], step)
        stepper.step(0)
        for follow in wrappers.after:
            follow(step + 1)
        yield look(step + 1)


class _Look:
    """What there is to see after a step: at the points themselves, or once these are averaged at the average.

    The gradient at the points is there in either case, for the step to come.
    """

    def __init__(self, work: DescentWork, wrappers: Wrappers, theta: Array, g: Array) -> None:
        self.evaluate = work.objective.evaluate
        self.wrappers = wrappers
        self.theta, self.g = theta, g
        self.of_average = np.zeros_like(g)

    def __call__(self, updates: int) -> Here:
        values = self.evaluate(self.theta, self.g)
        average = self.wrappers.average(updates)
        if average is None:
            return Here(self.theta, values, self.g)
        return Here(average, self.evaluate(average, self.of_average), self.of_average)


def _on_line(work: DescentWork, method: LineMethod) -> Iterator[Here]:
    objective, sign = work.objective, work.sign
    start = work.starts[:, 0].astype(work.dtype)
    ends = [start, start] if work.interval is None else [np.full_like(start, end) for end in work.interval]

    def slope(x: Array) -> Array:
        gradient = np.empty((len(x), 1), work.dtype)
        objective.evaluate(x[:, None], gradient)
        return sign * gradient[:, 0]

    def curvature(x: Array) -> Array:
        found = objective.second_derivative(x)
        if found is None:
            raise ConfigError(f"{method.name} needs a second derivative; write the function as an expression")
        return sign * found

    line = Line(lambda x: sign * objective.values(x[:, None]), slope, curvature)
    g = np.empty((len(start), 1), work.dtype)
    try:
        for x in method.points(line, *ends):
            yield Here(x[:, None], objective.evaluate(x[:, None], g), g)
    except ValueError as error:
        raise ConfigError(f"interval: {error}") from error
