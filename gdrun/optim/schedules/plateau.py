"""The schedule that looks at a metric: it falls when nothing improves any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gdrun.component import NonNegative, Positive, Probability, WholeNumber
from gdrun.optim.schedule import Float64, RunLength, Schedule, Span


@dataclass(frozen=True)
class Plateau(Schedule):
    """Multiplied by a factor when a metric has stopped improving.

    Formula:
        An evaluation is better if value < best·(1 − threshold), or value < best − threshold when absolute
        (metrics of which more is better: value > best·(1 + threshold), best + threshold).
        After more than `patience` evaluations in a row that are not better: factor ← max(f·factor, min_factor).

    Options:
        monitor: the column of metrics.csv to look at, such as val_loss or val_accuracy.
        factor: f, what the learning rate is multiplied by.
        patience: evaluations without improvement that are let pass; the next one lowers the rate.
        min_factor: of the base learning rate, below which it is never lowered.
        threshold: the least improvement that counts.
        threshold_mode: whether the threshold is relative to the best value or absolute.
        cooldown: evaluations after a fall in which none is counted.
        warmup_steps, warmup_epochs: length of a linear rise before it, in updates or in epochs.
        warmup_start_factor: where that rise starts from; the first update is already above it.

    Variant:
        As PyTorch's ReduceLROnPlateau, without its eps (a fall, however small, is made). The only schedule
        that isn't a function of the step alone: the pure part is 1 after the warm-up, and a `PlateauWatch`
        gives the factor by which it is multiplied.

    Reference:
        Described as a manual practice by Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep
        convolutional neural networks", NeurIPS 2012, 5.
    """

    monitor: str = "val_loss"
    factor: Positive = 0.1
    patience: WholeNumber = 10
    min_factor: Probability = 0.0
    threshold: NonNegative = 1e-4
    threshold_mode: Literal["relative", "absolute"] = "relative"
    cooldown: WholeNumber = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.factor < 1:
            raise ValueError(f"Plateau: factor must be less than 1, not {self.factor!r}")

    def curve(self, step: Float64, span: Span) -> Float64:
        return np.ones_like(step)

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        found = super().warnings(run, early_stopping_patience)
        if early_stopping_patience is not None and early_stopping_patience <= self.patience:
            found.append(
                f"early stopping ends the run after {early_stopping_patience} evaluations without "
                f"improvement, before the plateau's patience of {self.patience} is over: the rate never falls"
            )
        elif self.patience >= run.epochs > 0:
            found.append(
                f"a patience of {self.patience} is not over in {run.epochs} epochs: the rate never falls"
            )
        return found


class PlateauWatch:
    """Follows the monitored metric of one run and says by how much its learning rate has fallen.

    Args:
        plateau: the schedule.
        higher_is_better: whether more of the metric is better.
        state: where an earlier watch stood, to go on from there.

    Attributes:
        state: plain data for a checkpoint: factor, best (None before the first value), waited, cooling.
    """

    def __init__(
        self, plateau: Plateau, *, higher_is_better: bool = False, state: Mapping[str, Any] | None = None
    ) -> None:
        self.plateau = plateau
        self.higher_is_better = higher_is_better
        self.state: dict[str, Any] = {"factor": 1.0, "best": None, "waited": 0, "cooling": 0} | dict(
            state or {}
        )

    @property
    def factor(self) -> float:
        """What the schedule's learning rate is to be multiplied by."""
        return float(self.state["factor"])

    def observe(self, value: float) -> float:
        """Take in the value of one evaluation and return the factor from now on. NaN is no improvement."""
        state, plateau = self.state, self.plateau
        if self._is_better(value):
            state["best"] = float(value)
            state["waited"] = 0
        else:
            state["waited"] += 1
        if state["cooling"] > 0:
            state["cooling"] -= 1
            state["waited"] = 0
        if state["waited"] > plateau.patience:
            state["factor"] = min(max(state["factor"] * plateau.factor, plateau.min_factor), state["factor"])
            state["cooling"] = plateau.cooldown
            state["waited"] = 0
        return self.factor

    def _is_better(self, value: float) -> bool:
        best, threshold = self.state["best"], self.plateau.threshold
        if best is None:
            return value == value  # not NaN
        sign = 1 if self.higher_is_better else -1
        scale = best if self.plateau.threshold_mode == "relative" else 1.0
        bound = best + sign * scale * threshold
        return bool(value > bound if self.higher_is_better else value < bound)
