"""What is known of a run while it trains: its best epoch so far, and whether it should go on."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from gdrun.config.sections import EarlyStopping
from gdrun.training.record import Record
from gdrun.training.work import StackWork


@dataclass
class Progress:
    """The memory of one run.

    Attributes:
        run: its place in the stack's plan.
        best, last: evaluations; `best` follows `last` where the best one isn't kept.
        reference: the monitored value that patience is counted from.
        waited: evaluations since it was reached.
    """

    run: int
    best: Record | None = None
    last: Record | None = None
    reference: float | None = None
    waited: int = 0

    def observe(self, record: Record, work: StackWork) -> bool:
        """Take in a finite evaluation; True if its weights are the ones to keep."""
        self.last = record
        if work.monitor is not None:
            value = record.monitored(work.monitor)
            sign = 1 if work.higher_is_better(work.monitor) else -1
            min_delta = work.early_stopping.min_delta if work.early_stopping else 0.0
            self.waited += 1
            if self.reference is None or sign * (value - self.reference) > min_delta:
                self.reference, self.waited = value, 0
            if work.keep_best and self.best and sign * (value - self.best.monitored(work.monitor)) <= 0:
                return False
        self.best = record
        return True

    def patience_is_over(self, stopping: EarlyStopping | None) -> str:
        """The reason to stop, or nothing."""
        if stopping is None or self.waited < stopping.patience:
            return ""
        return f"early stopping: {stopping.monitor} has not improved in {self.waited} evaluations"

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> Progress:
        best, last = (Record(**plain[key]) if plain[key] else None for key in ("best", "last"))
        return Progress(plain["run"], best, last, plain["reference"], plain["waited"])


def non_finite(record: Record) -> str:
    """The names of the losses of an evaluation that are NaN or infinite, or nothing."""
    losses = {"train_loss": record.train["loss"], "val_loss": record.validation.get("loss", 0.0)}
    return ", ".join(name for name, value in losses.items() if not math.isfinite(value))
