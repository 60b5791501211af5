"""One descent on an objective, described completely: the keys of a config for `gdrun minimize`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from gdrun.component import Component, Count, Positive, WholeNumber
from gdrun.config.comparison import Compare
from gdrun.config.contradictions import around_searcher
from gdrun.config.marks import NAME, NullMeans
from gdrun.config.sections import Compute
from gdrun.objectives.line_methods import LineMethod
from gdrun.objectives.objective import Float64, Objective
from gdrun.optim import OPTIMIZERS
from gdrun.optim.averaging import Averaging
from gdrun.optim.clipping import GradientClipping
from gdrun.optim.gradient_noise import GradientNoise
from gdrun.optim.lookahead import Lookahead
from gdrun.optim.method import Method
from gdrun.optim.optimizer import Optimizer
from gdrun.optim.schedule import Schedule
from gdrun.optim.schedules import SCHEDULES
from gdrun.optim.schedules.plateau import Plateau
from gdrun.optim.searcher import Searcher
from gdrun.randomness import Purpose, generator

Point = tuple[float, ...]


@dataclass(frozen=True)
class UniformStart(Component):
    """Starts that are drawn, evenly from a box: the first few of an endless row, so that more change none.

    Options:
        uniform: the ends, each a number for all variables or a list of one a variable.
        seed: of the starts alone.
        count: how many are drawn; several make a group of runs.
    """

    uniform: tuple[float | Point, float | Point]
    seed: WholeNumber = 0
    count: Count = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "uniform", tuple(_as_end(end) for end in self.uniform))
        low, high = (np.array(end) for end in self.uniform)
        if low.ndim and high.ndim and low.shape != high.shape:
            raise ValueError("UniformStart: uniform must have as many numbers at one end as at the other")
        if not (low <= high).all():
            raise ValueError("UniformStart: uniform must have its lower end first")

    @property
    def sizes(self) -> set[int]:
        """How many variables the ends are for; nothing where they are plain numbers."""
        return {len(end) for end in self.uniform if isinstance(end, tuple)}

    def draw(self, number: int, dimension: int) -> Point:
        """The start of this number, counted from 0."""
        low, high = (np.broadcast_to(np.array(end, np.float64), dimension) for end in self.uniform)
        share = generator(self.seed, Purpose.START, number).random(dimension)
        return tuple((low + share * (high - low)).tolist())


def _as_end(end: float | Point) -> float | Point:
    return tuple(map(float, end)) if isinstance(end, tuple | list) else float(end)


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """Everything that a run of `gdrun minimize` is a function of.

    Options:
        name: of the run directory and in tables; letters, digits, dot, underscore and hyphen, at most 64.
        seed: of methods that draw random numbers, such as annealing; the starts have a seed of their own.
        dtype: of points, values and gradients.
        objective: the function; {expression: x**2 + y**2} for one of your own.
        direction: minimize for descent, or maximize for ascent.
        start: a point (a list of numbers, or a number for one variable); a list of points, each of which
            makes a run; or {uniform, seed, count} for drawn ones; null for the objective's usual one.
        interval: for a function of one variable, where bisection and golden_section look for its minimum.
        gradient_clipping: keeps gradients short.
        optimizer: makes a step of a gradient, or searches a line.
        lookahead: slow points that follow the optimizer's.
        averaging: an average of the points along the way, evaluated and kept in their place; an epoch is a
            step here.
        gradient_noise: noise that is added to gradients.
        schedule: changes the learning rate during the run; an epoch is a step here; null for constant.
        steps: how many; 0 writes down the start alone.
        tolerance: stops when the gradient norm falls below it.
        compute: how the work is spread.
        compare: what compare-optimizers compares, and how.
    """

    name: Annotated[str, NAME] = "run"
    seed: WholeNumber = 0
    dtype: Literal["float32", "float64"] = "float64"
    objective: Objective
    direction: Literal["minimize", "maximize"] = "minimize"
    start: float | tuple[float | Point, ...] | UniformStart | None = None
    interval: tuple[float, float] | None = None
    gradient_clipping: GradientClipping | None = None
    optimizer: Method | LineMethod = OPTIMIZERS["adam"]()
    lookahead: Lookahead | None = None
    averaging: Averaging | None = None
    gradient_noise: GradientNoise | None = None
    schedule: Annotated[Schedule, NullMeans("constant")] = SCHEDULES["constant"]()
    steps: WholeNumber = 500
    tolerance: Positive | None = None
    compute: Compute = Compute()
    compare: Compare | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(NAME.regex, self.name):
            raise ValueError(f"ObjectiveConfig: name must be {NAME.words}, not {self.name!r}")

    @property
    def dimension(self) -> int:
        """How many variables there are."""
        return len(self.objective.variables)

    @property
    def sign(self) -> int:
        """What the objective is multiplied with to be minimized."""
        return 1 if self.direction == "minimize" else -1

    def starts(self) -> list[Point]:
        """Where the runs begin, one point each; of an interval its middle."""
        match self.start:
            case UniformStart():
                return [self.start.draw(number, self.dimension) for number in range(self.start.count)]
            case None if self.interval is not None:
                return [(0.5 * (self.interval[0] + self.interval[1]),)]
            case None:
                return [tuple(self.objective.usual_start)]
            case tuple():
                points = [one if isinstance(one, tuple) else (one,) for one in self.start]
                is_point = all(isinstance(one, float | int) for one in self.start) and self.dimension > 1
                return [tuple(float(one[0]) for one in points)] if is_point else points
        return [(float(self.start),)]

    def box(self) -> Float64:
        """(dimension, 2): what there is to look at: the objective's domain, and all starts."""
        points = np.array(self.starts())
        domain = self.objective.domain
        low = np.minimum(domain[:, 0], points.min(axis=0))
        high = np.maximum(domain[:, 1], points.max(axis=0))
        return np.stack([low, high], axis=1)


def problems_of(config: ObjectiveConfig) -> Iterator[tuple[str, str]]:
    """What the keys of a config contradict: dotted key and message of each."""
    yield from _start_problems(config)
    count, method = config.dimension, config.optimizer
    line = f"a function of one variable, and the objective has {count}"
    if config.interval is not None:
        low, high = config.interval
        if count != 1:
            yield "interval", f"is for {line}"
        elif not low < high:
            yield "interval", f"must have its lower end first, not [{low:g}, {high:g}]"
        elif not (isinstance(method, LineMethod) and method.on_interval):
            yield "interval", f"{method.name} begins at a point: give start, or take bisection"
        elif config.start is not None:
            yield "start", f"{method.name} begins with its interval; leave one of both out"
    if isinstance(method, LineMethod):
        if count != 1:
            yield "optimizer", f"{method.name} is for {line}"
        elif method.on_interval and config.interval is None:
            yield "optimizer", f"{method.name} needs an interval: [LOW, HIGH] to look in"
        elif not method.on_interval and config.objective.second_derivative(np.zeros(1)) is None:
            yield (
                "optimizer",
                f"{method.name} needs a second derivative, and {config.objective.name} has none here: "
                "write the function as {expression: …}",
            )
    if isinstance(method, Optimizer) and method.estimate_every:
        yield (
            "optimizer",
            f"{method.name} estimates the curvature with targets drawn from a network's predictions, and an "
            "objective has none; take another optimizer",
        )
    yield from _around_problems(config)
    if isinstance(config.schedule, Plateau):
        yield "schedule", "plateau watches validation rows, and an objective has none; take another schedule"


def _around_problems(config: ObjectiveConfig) -> Iterator[tuple[str, str]]:
    """What the method has no use for, of the keys beside it."""
    method = config.optimizer
    if isinstance(method, Searcher):
        yield from around_searcher(method, config, "objective")
    elif isinstance(method, LineMethod):
        for key in ("gradient_clipping", "lookahead", "averaging", "gradient_noise"):
            if getattr(config, key) is not None:
                yield (
                    key,
                    f"{method.name} closes in on one point and makes no steps of gradients: leave this out, "
                    "or take an optimizer such as sgd",
                )


def _start_problems(config: ObjectiveConfig) -> Iterator[tuple[str, str]]:
    count, start = config.dimension, config.start
    said = f"{config.objective.name} has {count} variable{'s' * (count > 1)}"
    if isinstance(start, UniformStart):
        if start.sizes - {count}:
            yield "start.uniform", f"{said}, and an end has {max(start.sizes - {count})} numbers"
        return
    if isinstance(start, tuple):
        lists = sum(isinstance(one, tuple) for one in start)
        if not start:
            yield "start", f"is empty: {said}; give as many numbers"
        elif 0 < lists < len(start):
            yield "start", "is neither a point nor a list of points: it has numbers and lists in it"
        elif lists:
            for place, point in enumerate(start):
                if isinstance(point, tuple) and len(point) != count:
                    yield f"start.{place}", f"{said}, and the point has {len(point)} numbers"
        elif count > 1 and len(start) != count:
            yield "start", f"{said}, and the point has {len(start)} numbers"
    elif start is not None and count != 1:
        yield "start", f"{said}; write a list of as many numbers"
