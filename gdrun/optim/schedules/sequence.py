"""Several schedules, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdrun.component import Component, Count, Positive
from gdrun.optim.schedule import ENDLESS, Float64, RunLength, Schedule, Span
from gdrun.optim.schedules.plateau import Plateau


@dataclass(frozen=True)
class Part(Component):
    """One schedule of a sequence and how long it lasts.

    Options:
        schedule: over these updates, as if they were a run of their own, its warm-up included.
        for_steps, for_epochs: its length, in updates or in epochs; the last part may do without one and then
            lasts until the end of the run.
    """

    schedule: Schedule
    for_steps: Count | None = None
    for_epochs: Positive | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.for_steps is not None and self.for_epochs is not None:
            raise ValueError("Part: give at most one of for_steps and for_epochs, not both")

    def length(self, steps_per_epoch: int) -> int | None:
        """In whole steps, at least 1; None until the end of the run."""
        if self.for_epochs is not None:
            return max(round(min(self.for_epochs * steps_per_epoch, ENDLESS)), 1)
        return self.for_steps


@dataclass(frozen=True)
class Sequence(Schedule):
    """Several schedules, one after the other, each with its length.

    Formula:
        factor(t) = factor_i(t − s_i) over n_i updates, part i lasting from s_i to s_i + n_i = s_(i+1)

    Options:
        parts: schedules and their lengths, in order: `{schedule: cosine, for_epochs: 5}`.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's SequentialLR with the sums of lengths as milestones. Each part is relative to the base
        learning rate, not to where the one before has ended. After the last part its last factor stays.
        `plateau`, which has no length, cannot be a part, nor can a schedule that cycles the momentum.

    Reference:
        Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, 2.2, for a warm-up
        and what follows it.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        super().__post_init__()
        if not self.parts:
            raise ValueError("Sequence: parts must be one schedule or more")
        for number, part in enumerate(self.parts, 1):
            name = part.schedule.name
            if part.length(1) is None and number < len(self.parts):
                raise ValueError(f"Sequence: part {number} ({name}) needs for_steps or for_epochs")
            if isinstance(part.schedule, Plateau):
                raise ValueError(f"Sequence: part {number} cannot be {name}, which waits for a metric")
            if part.schedule.momentum(Span(1, 1)) is not None:
                raise ValueError(f"Sequence: part {number} ({name}) cannot cycle the momentum")

    def curve(self, step: Float64, span: Span) -> Float64:
        factors = np.empty(span.steps)
        start = 0
        for part in self.parts:
            left = span.steps - start
            length = part.length(span.steps_per_epoch) or max(left, 1)
            taken = min(length, left)
            if taken:
                own = Span(length, span.steps_per_epoch)
                factors[start : start + taken] = part.schedule.learning_rate_factors(own, taken)
            start += taken
        factors[start:] = factors[start - 1]
        return factors[step.astype(np.intp)]

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        found = super().warnings(run, early_stopping_patience)
        if found or not run.steps:
            return found
        whole = run.steps - self.warmup_length(run)
        start = 0
        for number, part in enumerate(self.parts, 1):
            said = f"part {number} ({part.schedule.name})"
            if start >= whole:
                found.append(f"{said} would begin after {start} updates: the run ends before")
                break
            length = part.length(run.steps_per_epoch) or whole - start
            warmup = part.schedule.warmup_length(Span(length, run.steps_per_epoch))
            if warmup >= length:
                found.append(f"{said} is over after {length} updates, and its warm-up takes {warmup}")
            start += length
        return found
