"""Schedules that go up before they go down: one cycle, and many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from gdrun.component import Count, Decay, NonNegative, Positive, Probability
from gdrun.optim.schedule import Float64, Length, RunLength, Schedule, Span

Anneal = Literal["cosine", "linear"]


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to the base learning rate in the first part of the run, then down to almost nothing.

    Formula:
        With p = peak_at·n − 1 and n updates:
        from start_factor at t = 0 to 1 at t = p, then to end_factor at t = n − 1, the last update;
        between two values a and b, at the share x of the way: b + (a − b)·(1 + cos πx)/2, or a + (b − a)·x
        momentum, when cycled: from max_momentum to min_momentum at the peak and back

    Options:
        peak_at: the share of the run at which the base learning rate is reached.
        start_factor: of the base learning rate, at the first update.
        end_factor: of the base learning rate, at the last update.
        anneal: cosine or linear.
        cycle_momentum: whether the optimizer's momentum (beta1 in adam's family) goes the opposite way; its
            own value is then not used.
        min_momentum: the momentum at the peak.
        max_momentum: the momentum at the beginning and the end.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's OneCycleLR with max_lr = base, two phases and div_factor = 1/start_factor = 25. There the
        end is given relative to the start; here both are relative to the base, as every factor is.

    Reference:
        Smith & Topin, "Super-convergence: very fast training of neural networks using large learning rates",
        2018.
    """

    peak_at: Probability = 0.3
    start_factor: NonNegative = 0.04
    end_factor: NonNegative = 1e-4
    anneal: Anneal = "cosine"
    cycle_momentum: bool = False
    min_momentum: Decay = 0.85
    max_momentum: Decay = 0.95

    def curve(self, step: Float64, span: Span) -> Float64:
        return self._up_and_down(step, span, self.start_factor, 1.0, self.end_factor)

    def momentum(self, run: Length) -> Float64 | None:
        if not self.cycle_momentum:
            return None
        return self._up_and_down(
            *self.positions(run), self.max_momentum, self.min_momentum, self.max_momentum
        )

    def _up_and_down(self, step: Float64, span: Span, start: float, peak: float, end: float) -> Float64:
        last = span.steps - 1
        top = self.peak_at * span.steps - 1
        rise = np.clip(step / top, 0, 1) if top > 0 else np.ones_like(step)
        fall = np.clip((step - top) / (last - top), 0, 1) if last > top else np.zeros_like(step)
        up, down = anneal(rise, start, peak, self.anneal), anneal(fall, peak, end, self.anneal)
        return np.where(step <= top, up, down)


@dataclass(frozen=True)
class Cyclic(Schedule):
    """Up and down between two learning rates, again and again.

    Formula:
        factor(t) = b + (1 − b)·h·x, x rising from 0 to 1 in s updates and falling to 0 in s more
        triangular: h = 1; triangular2: h = 1/2^c in cycle c = 0, 1, …; exp_range: h = γ^t

    Options:
        mode: triangular, triangular2 (each cycle half as high) or exp_range (ever lower).
        half_period_steps, half_period_epochs: s, in updates or in epochs; one of them is required.
        base_factor: b, the lower bound, where it starts; the peak is the base learning rate.
        gamma: γ, for exp_range alone.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's CyclicLR with max_lr = base, base_lr = b·base and equal ways up and down.

    Reference:
        Smith, "Cyclical learning rates for training neural networks", WACV 2017.
    """

    lengths: ClassVar[Mapping[str, bool]] = {"half_period": True}
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular"
    half_period_steps: Count | None = None
    half_period_epochs: Positive | None = None
    base_factor: Probability = 0.1
    gamma: Probability = 0.999

    def curve(self, step: Float64, span: Span) -> Float64:
        half = self.required_length("half_period", span)
        cycle = np.floor(step / (2 * half))
        x = 1 - np.abs(step - (2 * cycle + 1) * half) / half
        heights: dict[str, Float64] = {
            "triangular": np.ones_like(step),
            "triangular2": 0.5**cycle,
            "exp_range": self.gamma**step,
        }
        factor: Float64 = self.base_factor + (1 - self.base_factor) * heights[self.mode] * x
        return factor


@dataclass(frozen=True)
class WarmupStableDecay(Schedule):
    """A warm-up, a long plateau at the base learning rate, and a short decay at the end.

    Formula:
        factor(t) = 1 until d updates before the end, then from 1 at share x = 0 of these to e at x = 1:
        e + (1 − e)·(1 + cos πx)/2, or 1 + (e − 1)·x

    Options:
        decay_steps, decay_epochs: d, in updates or in epochs; a fifth of the run if not given.
        end_factor: e, which would be reached one update after the last.
        anneal: cosine or linear, the way down.
        warmup_steps, warmup_epochs: length of the linear rise, in updates or in epochs; a twentieth of the
            run if not given.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        The linear decay of the first reference's comparison of cooldown lengths in the second.

    Reference:
        Hu et al., "MiniCPM: unveiling the potential of small language models with scalable training
        strategies", 2024; Hägele et al., "Scaling laws and compute-optimal training beyond fixed training
        durations", NeurIPS 2024.
    """

    lengths: ClassVar[Mapping[str, bool]] = {"decay": False}
    decay_steps: Count | None = None
    decay_epochs: Positive | None = None
    end_factor: NonNegative = 0.0
    anneal: Anneal = "linear"

    def warmup_length(self, run: Length) -> int:
        return self.length("warmup", run.steps_per_epoch) or max(round(run.steps / 20), 1)

    def curve(self, step: Float64, span: Span) -> Float64:
        decay = self.length("decay", span.steps_per_epoch) or max(round(span.steps / 5), 1)
        share = np.clip((step - (span.steps - decay)) / decay, 0, 1)
        return anneal(share, 1.0, self.end_factor, self.anneal)

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        found = super().warnings(run, early_stopping_patience)
        decay = self.length("decay", run.steps_per_epoch)
        left = run.steps - self.warmup_length(run)
        if not found and decay is not None and decay > left > 0:
            found.append(f"the decay of {decay} updates is longer than the {left} after the warm-up")
        return found


def anneal(share: Float64, start: float, end: float, along: Anneal) -> Float64:
    """From start to end, as the share of the way goes from 0 to 1."""
    if along == "linear":
        return start + (end - start) * share
    return end + (start - end) * (1 + np.cos(np.pi * share)) / 2
