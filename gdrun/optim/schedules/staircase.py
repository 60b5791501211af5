"""Schedules that stay on a value and then jump to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.component import Count, NonNegative, Positive
from gdrun.optim.schedule import Float64, RunLength, Schedule, Span


@dataclass(frozen=True)
class Step(Schedule):
    """Multiplied by a factor at regular intervals.

    Formula:
        factor(t) = f^⌊t/s⌋

    Options:
        every_steps, every_epochs: s, the interval, in updates or in epochs; one of them is required.
        factor: f, what the learning rate is multiplied by.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's StepLR. Intervals are counted from the end of the warm-up.

    Reference:
        He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016, 3.4, for its use.
    """

    lengths: ClassVar[Mapping[str, bool]] = {"every": True}
    every_steps: Count | None = None
    every_epochs: Positive | None = None
    factor: Positive = 0.1

    def curve(self, step: Float64, span: Span) -> Float64:
        falls: Float64 = np.floor(step / self.required_length("every", span))
        return self.factor**falls

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        found = super().warnings(run, early_stopping_patience)
        every = self.length("every", run.steps_per_epoch) or 1
        if not found and 0 < run.steps - self.warmup_length(run) <= every:
            found.append(f"the first step comes after {every} updates: the run ends before")
        return found


class _Places(Schedule):
    """Shared by schedules with places in the run, counted from its start."""

    lengths: ClassVar[Mapping[str, bool]] = {"at": True}
    from_start: ClassVar[bool] = True
    at_steps: tuple[Count, ...] | None
    at_epochs: tuple[Positive, ...] | None

    def places(self, steps_per_epoch: int) -> Float64:
        """The first step at each new value."""
        if self.at_epochs is not None:
            return np.round(np.array(self.at_epochs, np.float64) * steps_per_epoch)
        return np.array(self.at_steps, np.float64)

    def passed(self, step: Float64, span: Span) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
        """How many places each step has reached."""
        return np.searchsorted(self.places(span.steps_per_epoch), step, side="right")

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        found = super().warnings(run, early_stopping_patience)
        late = int((self.places(run.steps_per_epoch) >= run.steps).sum())
        if late and run.steps:
            given = self.at_steps if self.at_epochs is None else self.at_epochs
            unit = "update" if self.at_epochs is None else "epoch"
            length = run.steps if self.at_epochs is None else run.epochs
            first = (given or ())[-late]
            found.append(f"{unit} {first:g} is never reached: the run has {length} {unit}s")
        return found


@dataclass(frozen=True)
class MultiStep(_Places):
    """Multiplied by a factor at given places in the run.

    Formula:
        factor(t) = f^(number of places ≤ t)

    Options:
        at_steps, at_epochs: the places, rising, in updates or in epochs; one of them is required.
        factor: f, what the learning rate is multiplied by.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's MultiStepLR. Places are counted from the start of the run, warm-up included.

    Reference:
        He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016, 4.2, for its use.
    """

    at_steps: tuple[Count, ...] | None = None
    at_epochs: tuple[Positive, ...] | None = None
    factor: Positive = 0.1

    def curve(self, step: Float64, span: Span) -> Float64:
        return self.factor ** self.passed(step, span).astype(np.float64)


@dataclass(frozen=True)
class Piecewise(_Places):
    """A given factor between each two of the given places.

    Formula:
        factor(t) = factors[number of places ≤ t]

    Options:
        at_steps, at_epochs: the places, rising, in updates or in epochs; one of them is required.
        factors: of the base learning rate, one more than places; with as many as places, each holds from its
            place on, and 1 before the first.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As optax's piecewise schedules, a value holds from its place on (Keras changes one update later).
        Places are counted from the start of the run, warm-up included.

    Reference:
        Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, for its use.
    """

    at_steps: tuple[Count, ...] | None = None
    at_epochs: tuple[Positive, ...] | None = None
    factors: tuple[NonNegative, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "factors", tuple(float(factor) for factor in self.factors))
        places = len(self.at_steps or self.at_epochs or ())
        if len(self.factors) not in (places, places + 1):
            raise ValueError(
                f"Piecewise: {places} places need {places + 1} factors (or {places}, after a first of 1), "
                f"not {len(self.factors)}"
            )
        if any(not factor >= 0 for factor in self.factors):
            raise ValueError(f"Piecewise: factors must be at least 0, not {self.factors}")

    def curve(self, step: Float64, span: Span) -> Float64:
        passed = self.passed(step, span)
        first = () if len(self.factors) > len(self.at_steps or self.at_epochs or ()) else (1.0,)
        return np.array((*first, *self.factors), np.float64)[passed]
