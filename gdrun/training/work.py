"""What a stack is asked to do: everything that its runs share, and the numbers in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.config.sections import EarlyStopping
from gdrun.data.augmentation import Augmentation
from gdrun.data.prepared import Prepared
from gdrun.nn.initializer import Initializer
from gdrun.nn.loss import Loss
from gdrun.nn.metric import Metric, higher_is_better
from gdrun.nn.network import Network
from gdrun.optim.averaging import Averaging
from gdrun.optim.clipping import GradientClipping
from gdrun.optim.gradient_noise import GradientNoise
from gdrun.optim.lookahead import Lookahead
from gdrun.optim.method import Method
from gdrun.optim.penalty import Penalty
from gdrun.optim.schedule import RunLength, Schedule


@dataclass(frozen=True)
class RunWork:
    """One run of a stack: numbers only.

    Attributes:
        seed: of the initial weights, the batch order and the noise of stochastic layers.
        optimizer, schedule, penalty: with this run's own rates.
        initializer: draws the starting weights.
        data: which of the stack's data sets it trains on.
        lookahead, averaging, gradient_noise: with its own numbers; the same kind, or none, in all of a stack.
        start: starting variables (variables,), instead of drawn ones.
    """

    seed: int
    optimizer: Method
    schedule: Schedule
    initializer: Initializer
    penalty: Penalty = field(default_factory=Penalty)
    data: int = 0
    start: NDArray[np.float64] | None = None
    lookahead: Lookahead | None = None
    averaging: Averaging | None = None
    gradient_noise: GradientNoise | None = None


@dataclass(frozen=True)
class StackWork:
    """Runs of one shape and one kind of work, to be trained together along the run axis.

    Attributes:
        network: the layers, the same for all.
        loss, metrics: likewise; regression metrics are reported in the target's own unit.
        dtype: float32 or float64.
        data: the distinct data sets; all have the same number of training rows.
        runs: what differs.
        epochs: passes over the training rows; 0 only evaluates the starting weights.
        batch_size: rows of a batch, or None for all training rows in their own order.
        shuffle: a new permutation every epoch, else the row order.
        drop_last: leave out the smaller batch at the end of an epoch.
        evaluate_every: epochs between evaluations.
        evaluated_rows: at most so many training rows are evaluated, a fixed sample; None for all.
        augmentation: of the training images; None for none.
        gradient_clipping: applied to the gradient of loss and penalty.
        learning_rate_factor: multiplies every learning rate (the batch-size rule).
        early_stopping: when to give up on a run; None for never.
        monitor: the value that tells how good an epoch is, as "val_loss"; None where nothing does.
        keep_best: whether the weights of the best epoch are kept, else those of the last one.
        tolerance: a run stops when the norm of its gradient falls below this; 0 for never.
        diagnostics: whether histograms of activations, gradients and weights are kept.
    """

    network: Network
    loss: Loss
    metrics: Sequence[Metric]
    dtype: np.dtype[Any]
    data: Sequence[Prepared]
    runs: Sequence[RunWork]
    epochs: int
    batch_size: int | None
    shuffle: bool = True
    drop_last: bool = False
    evaluate_every: int = 1
    evaluated_rows: int | None = None
    augmentation: Augmentation | None = None
    gradient_clipping: GradientClipping | None = None
    learning_rate_factor: float = 1.0
    early_stopping: EarlyStopping | None = None
    monitor: str | None = None
    keep_best: bool = True
    tolerance: float = 0.0
    diagnostics: bool = False

    @property
    def train_rows(self) -> int:
        """Training rows of each run."""
        return len(self.data[0].train.rows)

    @cached_property
    def batches(self) -> list[tuple[int, int]]:
        """First and one past the last position of every batch of an epoch."""
        size = min(self.batch_size or self.train_rows, self.train_rows)
        bounds = [(i, min(i + size, self.train_rows)) for i in range(0, self.train_rows, size)]
        if self.drop_last and bounds[-1][1] - bounds[-1][0] < size:
            bounds.pop()
        return bounds

    @cached_property
    def length(self) -> RunLength:
        """The planned length, which schedules span."""
        return RunLength(self.epochs, len(self.batches))

    def higher_is_better(self, column: str) -> bool:
        """Whether more of a quantity is better, by its column: "val_accuracy"."""
        return higher_is_better(self.metrics, column)

    @property
    def full_batch(self) -> bool:
        """Whether every update sees all training rows, so that their order is of no importance."""
        return len(self.batches) == 1 and self.batches[0] == (0, self.train_rows)
