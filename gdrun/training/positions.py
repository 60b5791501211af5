"""Where descents on an objective are after every step, for a stack of runs.

An update rule's steps, a search's, or those on a line: each is a row of positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

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


def positions(work: DescentWork) -> Iterator[Here]:
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
