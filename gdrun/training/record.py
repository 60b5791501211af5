"""What training reports: an evaluation of a run, and how the run ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from gdrun.nn.layer import Array
from gdrun.training.snapshot import Snapshot

Ending = Literal["completed", "stopped", "diverged"]


@dataclass(frozen=True)
class Record:
    """One evaluation of one run: a row of metrics.csv.

    Attributes:
        epoch, step: epochs and updates done; 0 before the first update.
        learning_rate: of the last update; None before the first.
        train, validation: "loss" and every metric's name → value; `validation` is empty without such rows.
        gradient_norm: of the last update's gradient, before clipping; None before the first.
        seconds: of training so far, wall time of the whole stack.
    """

    epoch: int
    step: int
    learning_rate: float | None
    train: dict[str, float]
    validation: dict[str, float]
    gradient_norm: float | None
    seconds: float

    def monitored(self, name: str) -> float:
        """The value named "train_…" or "val_…"."""
        part, _, quantity = name.partition("_")
        return (self.train if part == "train" else self.validation)[quantity]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: "completed", "stopped" (early stopping or tolerance) or "diverged".
        reason: why, in words; empty when it ran to its end.
        epochs, steps: done.
        best: the evaluation that the parameters belong to; None if not even the first was finite.
        last: the last evaluation.
        variables: (variables,), parameters and state of the best epoch, or the last ones where nothing tells
            the best.
        seconds: of training.
        learning: the pictures that were taken of it, name → array; see `Learning.of`.
    """

    status: Ending
    reason: str
    epochs: int
    steps: int
    best: Record | None
    last: Record | None
    variables: Array
    seconds: float
    learning: dict[str, Array]


class Observer(Protocol):
    """Who listens to training and may interrupt it. `run` is always the place in the stack's plan."""

    def evaluated(self, run: int, record: Record) -> None:
        """A run was evaluated."""

    def finished(self, run: int, outcome: Outcome) -> None:
        """A run ended; the others go on."""

    def epoch_ended(self, epoch: int) -> None:
        """So many epochs are done; called while any run goes on."""

    def checkpoint_due(self) -> bool:
        """Asked after every epoch: whether `save` shall be called."""

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot: all that is needed to go on to the same bits."""

    def interrupted(self) -> bool:
        """Asked after every step: whether to take a snapshot and stop."""
