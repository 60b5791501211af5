"""Schedules along a cosine: once over the run, or in cycles that begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from gdrun.component import Count, Ge, NonNegative, Positive
from gdrun.optim.schedule import Float64, RunLength, Schedule, Span


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a wave of a cosine from 1 down to the end factor.

    Formula:
        factor(t) = e + (1 − e)·(1 + cos(π·t/n))/2, n updates after the warm-up

    Options:
        end_factor: e, which would be reached at t = n, one update after the last.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's CosineAnnealingLR with T_max = n, stepped at every update.

    Reference:
        Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """

    end_factor: NonNegative = 0.0

    def curve(self, step: Float64, span: Span) -> Float64:
        return _fall(step / span.steps, self.end_factor)


@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """Half waves of a cosine, each from 1 down to the end factor, one after the other.

    Formula:
        factor(t) = e + (1 − e)·(1 + cos(π·u/p))/2, u updates into a cycle of p updates

    Options:
        period_steps, period_epochs: p of the first cycle, in updates or in epochs; one of them is required.
        multiply: how many times longer each cycle is than the one before.
        end_factor: e, which would be reached at u = p: there the next cycle begins at 1.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's CosineAnnealingWarmRestarts, stepped at every update; `multiply` needn't be whole.

    Reference:
        Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """

    lengths: ClassVar[Mapping[str, bool]] = {"period": True}
    period_steps: Count | None = None
    period_epochs: Positive | None = None
    multiply: Annotated[float, Ge(1)] = 1.0
    end_factor: NonNegative = 0.0

    def curve(self, step: Float64, span: Span) -> Float64:
        period = self.required_length("period", span)
        if self.multiply == 1:
            return _fall(step % period / period, self.end_factor)
        starts, lengths = [0.0], [float(period)]
        while starts[-1] + lengths[-1] < span.steps:
            starts.append(starts[-1] + lengths[-1])
            lengths.append(lengths[-1] * self.multiply)
        cycle = np.searchsorted(starts, step, side="right") - 1
        return _fall((step - np.array(starts)[cycle]) / np.array(lengths)[cycle], self.end_factor)

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        found = super().warnings(run, early_stopping_patience)
        period = self.length("period", run.steps_per_epoch) or 1
        if not found and 0 < run.steps - self.warmup_length(run) <= period:
            found.append(f"the first restart comes after {period} updates: the run ends before")
        return found


def _fall(share: Float64, end_factor: float) -> Float64:
    """From 1 down to the end factor, as the share of the way goes from 0 to 1."""
    return end_factor + (1 - end_factor) * (1 + np.cos(np.pi * share)) / 2
