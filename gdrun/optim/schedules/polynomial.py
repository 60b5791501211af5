"""Schedules that fall to their end along a line or a power of it."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.component import NonNegative, Positive
from gdrun.optim.schedule import Float64, Schedule, Span


@dataclass(frozen=True)
class Linear(Schedule):
    """A straight line from 1 to the end factor.

    Formula:
        factor(t) = 1 + (e − 1)·t/n, n updates after the warm-up

    Options:
        end_factor: e, which would be reached at t = n, one update after the last.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        Spans the rest of the run after the warm-up; as PyTorch's LinearLR with total_iters = n.

    Reference:
        Bottou, Curtis & Nocedal, "Optimization methods for large-scale machine learning", SIAM Review 60,
        2018, 4.2, for falling rates; Li, Arora et al., "Budgeted training", ICLR 2020, for the line.
    """

    end_factor: NonNegative = 0.0

    def curve(self, step: Float64, span: Span) -> Float64:
        return 1 + (self.end_factor - 1) * step / span.steps


@dataclass(frozen=True)
class Polynomial(Schedule):
    """A power of a straight line from 1 to the end factor.

    Formula:
        factor(t) = e + (1 − e)·(1 − t/n)^p, n updates after the warm-up

    Options:
        power: p; 1 is `linear`, more falls faster in the beginning.
        end_factor: e, which would be reached at t = n, one update after the last.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's PolynomialLR with total_iters = n, which has e = 0.

    Reference:
        Liu, Rabinovich & Berg, "ParseNet: looking wider to see better", 2015 ("poly" policy).
    """

    power: Positive = 1.0
    end_factor: NonNegative = 0.0

    def curve(self, step: Float64, span: Span) -> Float64:
        return self.end_factor + (1 - self.end_factor) * (1 - step / span.steps) ** self.power
