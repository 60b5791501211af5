"""The interface of a learning-rate schedule: a pure function of the step, after an optional warm-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component, Count, Positive, Probability

Float64 = NDArray[np.float64]

ENDLESS = 1e15  # updates; no run makes so many, and a float counts them exactly


@dataclass(frozen=True)
class RunLength:
    """How long a run is planned to be: a schedule spans it.

    Attributes:
        epochs: passes over the training rows.
        steps_per_epoch: updates in each.
    """

    epochs: int
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch


@dataclass(frozen=True)
class Span:
    """What a schedule's curve stretches over: the run, less the warm-up where the curve begins after it.

    Attributes:
        steps: updates, at least 1.
        steps_per_epoch: updates in each epoch.
    """

    steps: int
    steps_per_epoch: int


Length = RunLength | Span  # a run, or a part of one that a schedule takes for a whole


@dataclass(frozen=True, kw_only=True)
class Schedule(Component):
    """The base of every schedule. A subclass is a frozen dataclass whose fields are its options.

    The learning rate of step t = 0, 1, … is base · factor(t), and only the step decides. With a warm-up of w
    steps the factor is

        factor(t) = (f + (1 − f)·(t + 1)/w)·curve(0)    for t < w, with f = warmup_start_factor
        factor(t) = curve(t − w) over the n − w steps that are left, else

    Schedules with places in the run (`at_steps`, `at_epochs`) count them from the run's start: there the
    warm-up multiplies curve(t).

    A length comes in two options, `…_steps` and `…_epochs`, of which one is given. Epochs needn't be whole; a
    length is rounded to whole steps, at least one.

    Attributes:
        lengths: what the lengths are called before `_steps` and `_epochs` → whether one is required.
        from_start: whether the curve counts from the start of the run, warm-up included.
    """

    lengths: ClassVar[Mapping[str, bool]] = {}
    from_start: ClassVar[bool] = False

    warmup_steps: Count | None = None
    warmup_epochs: Positive | None = None
    warmup_start_factor: Probability = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for length, required in {"warmup": False, **self.lengths}.items():
            names = (f"{length}_steps", f"{length}_epochs")
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) > 1 or (required and not given):
                count = "exactly" if required else "at most"
                raise ValueError(
                    f"{type(self).__name__}: give {count} one of {names[0]} and {names[1]}, "
                    f"not {'both' if given else 'none'}"
                )
            for name in given:
                self._check_length(name, getattr(self, name))

    def _check_length(self, name: str, value: Any) -> None:
        if isinstance(value, list | tuple):  # places in the run
            object.__setattr__(self, name, tuple(value))
            if not value or value[0] <= 0 or any(b <= a for a, b in pairwise(value)):
                raise ValueError(f"{type(self).__name__}: {name} must be one or more rising numbers above 0")

    def curve(self, step: Float64, span: Span) -> Float64:
        """The factor of the base learning rate without warm-up.

        Args:
            step: (steps,) whole numbers from 0, as floats; below `span.steps`.
            span: what the curve stretches over.
        """
        raise NotImplementedError

    def learning_rate_factors(self, run: Length, steps: int | None = None) -> Float64:
        """The factor of the base learning rate at every step of a run, (steps,), warm-up included.

        Args:
            run: what the schedule spans.
            steps: only so many steps of it, the first ones.
        """
        step, span = self.positions(run, steps)
        factors = self.curve(step, span)
        warmup = min(self.warmup_length(run), len(step))
        if warmup:
            start = self.warmup_start_factor
            risen = np.arange(1.0, warmup + 1) / self.warmup_length(run)
            factors[:warmup] *= start + (1 - start) * risen
        return factors

    def momentum(self, run: Length) -> Float64 | None:
        """The momentum (or beta1) of every step, (steps,), where the schedule cycles it; else None."""
        return None

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        """What will probably not do what was meant, each in one sentence.

        Args:
            run: the planned length.
            early_stopping_patience: evaluations without improvement after which the run stops, or None.
        """
        warmup = self.warmup_length(run)
        if warmup >= run.steps > 0:
            return [
                f"the warm-up of {warmup} updates lasts as long as the run of {run.steps}: "
                "the schedule itself never begins"
            ]
        return []

    def positions(self, run: Length, steps: int | None = None) -> tuple[Float64, Span]:
        """Where on its curve each step of the run is, or each of the first `steps`, and what it spans."""
        warmup = 0 if self.from_start else self.warmup_length(run)
        count = run.steps if steps is None else steps
        step = np.maximum(np.arange(count, dtype=np.float64) - warmup, 0.0)
        return step, Span(max(run.steps - warmup, 1), run.steps_per_epoch)

    def warmup_length(self, run: Length) -> int:
        """Steps of warm-up; 0 where there is none."""
        return self.length("warmup", run.steps_per_epoch) or 0

    def length(self, name: str, steps_per_epoch: int) -> int | None:
        """A length in whole steps, at least 1; None where it isn't given."""
        steps = getattr(self, f"{name}_steps")
        epochs = getattr(self, f"{name}_epochs")
        if epochs is not None:
            steps = round(min(epochs * steps_per_epoch, ENDLESS))
        return None if steps is None else max(int(steps), 1)

    def required_length(self, name: str, span: Span) -> int:
        """Likewise, for one that is required."""
        steps = self.length(name, span.steps_per_epoch)
        assert steps is not None  # noqa: S101 - checked when the schedule was made
        return steps
