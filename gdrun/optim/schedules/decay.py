"""Schedules that fall for ever, without an end in view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.component import Count, NonNegative, Positive
from gdrun.optim.schedule import Float64, Length, Schedule, Span


@dataclass(frozen=True)
class Exponential(Schedule):
    """Multiplied by the same rate every epoch.

    Formula:
        factor(t) = r^⌊t/s⌋, s updates in an epoch; continuous: r^(t/s)

    Options:
        rate: r, what the learning rate is multiplied by in an epoch.
        continuous: whether it falls a little at every update, and not at the end of an epoch.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        The staircase is PyTorch's ExponentialLR, stepped once an epoch.

    Reference:
        Bengio, "Practical recommendations for gradient-based training of deep architectures", 2012, 3.1.
    """

    rate: Positive = 0.95
    continuous: bool = False

    def curve(self, step: Float64, span: Span) -> Float64:
        epochs = step / span.steps_per_epoch
        return self.rate ** (epochs if self.continuous else np.floor(epochs))


@dataclass(frozen=True)
class InverseTime(Schedule):
    """Falls as one over the number of updates.

    Formula:
        factor(t) = 1/(1 + d·t)

    Options:
        decay: d per update; after 1/d updates the learning rate is half of the base.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        t counts updates (Keras' `decay`), not epochs.

    Reference:
        Robbins & Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22, 1951;
        Bottou, "Stochastic gradient descent tricks", 2012, 5.2.
    """

    decay: NonNegative = 1e-3

    def curve(self, step: Float64, span: Span) -> Float64:
        return 1 / (1 + self.decay * step)


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """Falls as one over the root of the number of updates.

    Formula:
        factor(t) = 1/√(1 + t/s); after a warm-up of s = w updates this is √(w/T), T ≥ w from the start

    Options:
        scale_steps, scale_epochs: s, after which the rate has fallen to 1/√2, in updates or in epochs; the
            length of the warm-up if not given, and one update without a warm-up.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        The decay of the transformer without its model size (see the reference), as in the transformers and
        fairseq libraries, whose time scale is the warm-up's length as well.

    Reference:
        Vaswani et al., "Attention is all you need", NeurIPS 2017, 5.3; Nesterov, "Introductory lectures on
        convex optimization", 2004, 3.2.3, for 1/√t with subgradients.
    """

    lengths: ClassVar[Mapping[str, bool]] = {"scale": False}
    scale_steps: Count | None = None
    scale_epochs: Positive | None = None

    def curve(self, step: Float64, span: Span) -> Float64:
        scale = self.length("scale", span.steps_per_epoch) or self.length("warmup", span.steps_per_epoch) or 1
        return 1 / np.sqrt(1 + step / scale)


_NOAM_WARMUP = 4000  # updates


@dataclass(frozen=True)
class Noam(Schedule):
    """The transformer's: up along a line, then down as one over the root of the number of updates.

    Formula:
        factor(t) = d^(−1/2)·min(T^(−1/2), T·w^(−3/2)), T = t + 1

    Options:
        model_size: d, the width of the model.
        warmup_steps, warmup_epochs: w, in updates or in epochs; 4000 updates, as in the paper, if not given.
        warmup_start_factor: where the rise starts from, as a share of the peak; 0 in the formula.

    Variant:
        Equation 3 of the paper, whose first update has the number 1. The peak is a factor of 1/√(d·w), so
        that a learning rate of about 1 belongs with it.

    Reference:
        Vaswani et al., "Attention is all you need", NeurIPS 2017, 5.3; named after Noam Shazeer in the
        tensor2tensor library.
    """

    from_start: ClassVar[bool] = True
    model_size: Count = 512

    def warmup_length(self, run: Length) -> int:
        return self.length("warmup", run.steps_per_epoch) or _NOAM_WARMUP

    def curve(self, step: Float64, span: Span) -> Float64:
        late: Float64 = np.maximum(step + 1, self.warmup_length(span))  # T, and w during the warm-up
        return 1 / np.sqrt(self.model_size * late)
