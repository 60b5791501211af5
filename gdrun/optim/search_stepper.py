"""Drives the searchers of a stack side by side: one evaluation for all runs at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gdrun.errors import ConfigError
from gdrun.optim.clipping import GradientClipping, gradient_norm
from gdrun.optim.optimizer import Array, Float64, State
from gdrun.optim.searcher import Evaluate, Moment, Point, Search, Searcher


class SearchStepper:
    """Owns what the searchers of a stack remember and applies their updates, in place.

    It is used as a `Stepper` is. Every run's search asks for one evaluation after the other; those that runs
    ask for at the same time are one call of `evaluate`. A run that has found its point waits for the others,
    and neither that nor what they ask for changes its bits.

    Args:
        searchers: one a run, of one class, equal but for float options.
        theta: (runs, parameters), contiguous; updated in place. `evaluate` may use it as its own buffer.
        evaluate: the objective.
        seeds: of the runs.
        steps: updates of a whole run, for methods that plan ahead.
        clipping: of the gradients; losses stay as they are.

    Attributes:
        state: name → (runs, …): what a checkpoint has to keep, besides the step; restored in place.
        loss: (runs,), where theta is; NaN before the first update.
        gradient: (runs, parameters), likewise; None for searchers without gradients.
        norm: (runs,), of the gradient before clipping; NaN without one.
    """

    def __init__(
        self,
        searchers: Sequence[Searcher],
        theta: Array,
        evaluate: Evaluate,
        *,
        seeds: Sequence[int],
        steps: int,
        clipping: GradientClipping | None = None,
    ) -> None:
        runs, parameters = theta.shape
        if not len(searchers) == len(seeds) == runs:
            raise ValueError(
                f"{runs} runs need as many searchers and seeds, not {len(searchers)} and {len(seeds)}"
            )
        self.searchers = list(searchers)
        self.theta = theta
        self.evaluate = evaluate
        self.seeds = list(seeds)
        self.steps = steps
        self.clipping = clipping
        self.with_gradient = searchers[0].needs_gradient
        self.state: State = {"loss": np.full(runs, math.nan), "norm": np.full(runs, math.nan)}
        if self.with_gradient:
            self.state["gradient"] = np.zeros(theta.shape, theta.dtype)
        for name, (shape, dtype) in searchers[0].state_arrays(parameters).items():
            self.state[name] = np.zeros((runs, *shape), theta.dtype if dtype is None else dtype)
        self._trial = np.empty_like(theta)
        self._rates: Float64 = np.empty((0, runs))
        self._first_step = 0

    @property
    def loss(self) -> Float64:
        return self.state["loss"]

    @property
    def gradient(self) -> Array | None:
        return self.state.get("gradient")

    @property
    def norm(self) -> Float64:
        return self.state["norm"]

    def prepare(
        self, learning_rate: Float64, first_step: int, momentum: Mapping[int, Float64] | None = None
    ) -> None:
        """Say what the coming steps are; see `Stepper.prepare`.

        Raises:
            ConfigError: a schedule cycles the momentum.
        """
        if momentum:
            raise ConfigError(
                f"{self.searchers[0].name} has no momentum that a schedule could cycle; "
                "take an optimizer that has, such as momentum or adam, or set cycle_momentum: false"
            )
        self._rates = learning_rate
        self._first_step = first_step

    def step(self, k: int) -> None:
        """Make the k-th prepared update (from 0) of every run."""
        step = self._first_step + k
        self._trial[...] = self.theta
        if step == 0:
            for run, start in enumerate(self._points()):
                self._arrive(run, start)
        here = [self._here(run) for run in range(len(self._trial))]  # before theta is used for anything else
        own = ["loss", "norm", "gradient"]
        searches: dict[int, Search] = {}
        for run, searcher in enumerate(self.searchers):
            state = {name: values[run] for name, values in self.state.items() if name not in own}
            moment = Moment(float(self._rates[k, run]), step, self.steps, self.seeds[run])
            searches[run] = searcher.search(here[run], state, moment)
        asked: dict[int, Point | None] = dict.fromkeys(searches)
        while True:
            for run, point in asked.items():
                try:
                    self._trial[run] = next(searches[run]) if point is None else searches[run].send(point)
                except StopIteration as end:
                    here[run] = end.value
                    del searches[run]
            if not searches:
                break
            points = self._points()
            asked = {run: points[run] for run in searches}
        for run, reached in enumerate(here):
            self._arrive(run, reached)

    def _points(self) -> list[Point]:
        """What is known of the trial parameters of every run."""
        loss, gradient = self.evaluate(self._trial, self.with_gradient)
        thetas = self._trial.copy()
        if gradient is None:
            return [
                Point(theta, float(f), theta[:0], math.nan) for theta, f in zip(thetas, loss, strict=True)
            ]
        norm = gradient_norm(gradient)
        gradient = gradient.copy()
        if self.clipping is not None:
            self.clipping.clip(gradient, norm)
        return [
            Point(theta, float(f), g, float(length))
            for theta, f, g, length in zip(thetas, loss, gradient, norm, strict=True)
        ]

    def _here(self, run: int) -> Point:
        gradient = self.theta[run, :0] if self.gradient is None else self.gradient[run].copy()
        return Point(self._trial[run].copy(), float(self.loss[run]), gradient, float(self.norm[run]))

    def _arrive(self, run: int, point: Point) -> None:
        """Go to a point and remember what is known of it."""
        self.theta[run] = point.theta
        self.loss[run], self.norm[run] = point.loss, point.norm
        if self.gradient is not None:
            self.gradient[run] = point.gradient
