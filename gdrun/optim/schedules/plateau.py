"""The schedule that looks at a metric: it falls when nothing improves any more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import numpy as np

from gdrun.component import Gt, Lt, NonNegative, Probability, WholeNumber
from gdrun.optim.schedule import Float64, RunLength, Schedule, Span


@dataclass(frozen=True)
class PlateauState:
    """Where one run stands with its plateau.

    Attributes:
        factor: what the learning rate of the schedule is to be multiplied by.
        best: the best value so far; None before the first.
        waited: evaluations since then, less those of cooldown.
        cooling: evaluations of cooldown that are left.
    """

    factor: float = 1.0
    best: float | None = None
    waited: int = 0
    cooling: int = 0

    def to_plain(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PlateauState:
        """The state that `to_plain` was asked of."""
        return cls(**plain)


@dataclass(frozen=True)
class Plateau(Schedule):
    """Multiplied by a factor when a metric has stopped improving.

    Formula:
        An evaluation is better if value < best − threshold·|best|, or value < best − threshold when absolute
        (metrics of which more is better: value > best + …).
        After more than `patience` evaluations in a row that are not better:
        factor ← max(f·factor, min_factor).

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
        As PyTorch's ReduceLROnPlateau, without its eps (a fall, however small, is made), and relative to
        |best|: there, a negative best value makes slightly worse ones count as better. The only schedule
        that isn't a function of the step alone: its own part is 1 after the warm-up, and the factor of a
        `PlateauState` multiplies it.

    Reference:
        Described as a manual practice by Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep
        convolutional neural networks", NeurIPS 2012, 5.
    """

    monitor: str = "val_loss"
    factor: Annotated[float, Gt(0), Lt(1)] = 0.1
    patience: WholeNumber = 10
    min_factor: Probability = 0.0
    threshold: NonNegative = 1e-4
    threshold_mode: Literal["relative", "absolute"] = "relative"
    cooldown: WholeNumber = 0

    def curve(self, step: Float64, span: Span) -> Float64:
        return np.ones_like(step)

    def warnings(self, run: RunLength, early_stopping_patience: int | None = None) -> list[str]:
        found = super().warnings(run, early_stopping_patience)
        return found + self.out_of_reach(run.epochs, early_stopping_patience)

    def out_of_reach(self, evaluations: int, early_stopping_patience: int | None = None) -> list[str]:
        """Why the rate would never fall, if it wouldn't, whatever the length of an epoch.

        Args:
            evaluations: of the run.
            early_stopping_patience: evaluations without improvement after which it stops, or None.
        """
        if early_stopping_patience is not None and early_stopping_patience <= self.patience:
            return [
                f"early stopping ends the run after {early_stopping_patience} evaluations without "
                f"improvement, before the plateau's patience of {self.patience} is over: the rate never falls"
            ]
        if self.patience >= evaluations > 0:
            said = f"a patience of {self.patience} is not over in {evaluations} evaluations"
            return [f"{said}: the rate never falls"]
        return []

    def begin(self) -> PlateauState:
        """The state before the first evaluation."""
        return PlateauState()

    def observe(self, state: PlateauState, value: float, *, higher_is_better: bool = False) -> PlateauState:
        """The state after one more evaluation. A value of NaN is no improvement.

        Args:
            state: before it.
            value: of the monitored metric.
            higher_is_better: whether more of it is better.
        """
        factor, best, waited, cooling = state.factor, state.best, state.waited, state.cooling
        if self._is_better(value, best, higher_is_better):
            best, waited = float(value), 0
        else:
            waited += 1
        if cooling > 0:
            cooling, waited = cooling - 1, 0
        if waited > self.patience:
            factor = min(factor, max(factor * self.factor, self.min_factor))
            cooling, waited = self.cooldown, 0
        return PlateauState(factor, best, waited, cooling)

    def _is_better(self, value: float, best: float | None, higher: bool) -> bool:
        if best is None:
            return not math.isnan(value)
        margin = self.threshold * (abs(best) if self.threshold_mode == "relative" else 1.0)
        return value > best + margin if higher else value < best - margin
