"""The interface of a method that evaluates the objective itself: a line search, or a random proposal.

A searcher is the textbook's algorithm for one run, written as a generator: it yields the parameters that it
wants to know of and is sent the loss and the gradient there. `gdrun.optim.search_stepper.SearchStepper`
drives those of a whole stack side by side, so that each evaluation is one call for all runs, and keeps what
has to last from update to update in arrays.

To use one on an objective, give the stepper a function of type `Evaluate`:

    def evaluate(theta, with_gradient):  # theta (runs, parameters), not to be changed
        return loss, gradient  # (runs,) in float64; (runs, parameters), or None if it wasn't asked for

    stepper = SearchStepper([Lbfgs(), Lbfgs(history=10)], theta, evaluate, seeds=[0, 1], steps=500)
    for k in range(500):
        stepper.prepare(rates[k : k + 1], first_step=k)  # (1, runs): base_rate × schedule
        stepper.step(0)
        stepper.loss, stepper.gradient, stepper.norm  # where theta is now
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike

from gdrun.optim.method import Method
from gdrun.optim.optimizer import Array, Float64, State


class Evaluate(Protocol):
    """The objective of all runs of a stack; a run's values must not depend on the others."""

    def __call__(self, theta: Array, with_gradient: bool) -> tuple[Float64, Array | None]:
        """The loss (runs,) in float64 and the gradient (runs, parameters) at theta (runs, parameters).

        Loss and gradient include the penalty. The gradient may be a buffer that the next call overwrites;
        it is None where it wasn't asked for. NaN and infinity are values like others.
        """


class Point(NamedTuple):
    """Parameters of one run and what is known of them.

    Attributes:
        theta: (parameters,), not to be changed.
        loss: with the penalty.
        gradient: (parameters,), clipped if gradients are; empty for a searcher without gradients.
        norm: of the gradient before clipping; NaN without gradients.
    """

    theta: Array
    loss: float
    gradient: Array
    norm: float


class Moment(NamedTuple):
    """Where in its run a searcher is.

    Attributes:
        rate: `base_rate` times the schedule's factor.
        step: updates done before this one.
        steps: updates of the whole run.
        seed: of the run.
    """

    rate: float
    step: int
    steps: int
    seed: int


Search = Generator[Array, Point, Point]
"""Yields parameters (parameters,), is sent the point there, and returns the point where the update ends."""


class Searcher(Method):
    """The base of a method that evaluates the objective itself: a frozen dataclass, its fields the options.

    Attributes:
        needs_gradient: whether points come with a gradient.
    """

    full_batch: ClassVar[bool] = True
    needs_gradient: ClassVar[bool] = True

    def state_arrays(self, parameters: int) -> Mapping[str, tuple[tuple[int, ...], DTypeLike | None]]:
        """Name → shape and dtype of what one run remembers, zeros at the start; None is the run's dtype."""
        return {}

    def search(self, here: Point, state: State, moment: Moment) -> Search:
        """One update of one run.

        Args:
            here: where the run is.
            state: its own arrays, changed in place.
            moment: when it is.
        """
        raise NotImplementedError

    @property
    def array_count(self) -> int:
        """How many arrays of the size of the parameters it needs, beside these and their gradient."""
        many = 1 << 20
        sizes = [np.prod(shape) for shape, _ in self.state_arrays(many).values()]
        points = 5 if self.needs_gradient else 3  # where a run is, and where it looks, each with its gradient
        return int(sum(size for size in sizes if size >= many) // many) + points


def dot(a: Array, b: Array) -> float:
    """The inner product of two vectors, added up in float64 over short pieces as in `gradient_norm`."""
    return sum(float(np.dot(a[i : i + _PIECE], b[i : i + _PIECE])) for i in range(0, len(a), _PIECE))


_PIECE = 8192  # parameters: too short for BLAS to share them out to threads
