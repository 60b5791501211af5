"""Averages of the weights along the way, which are evaluated and kept in place of the last ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.component import Component, Ge, Lt, WholeNumber
from gdrun.optim.optimizer import Array, Float64
from gdrun.optim.schedule import RunLength
from gdrun.optim.slices import slices


class Averaging(Component):
    """The base of every average of weights: a frozen dataclass whose fields are its options.

    The mean ā of the samples so far takes in the next one by ā ← ā + s(θ − ā). Averages look on: the
    optimizer goes its way as without them.
    """

    start_epoch: int | None

    def first_epoch(self, run: RunLength) -> int:
        """How many epochs are done before the first sample."""
        raise NotImplementedError

    def samples(self, updates: int, run: RunLength) -> int:
        """How many samples there are after so many updates; by default every update gives one."""
        return max(0, updates - self.first_epoch(run) * run.steps_per_epoch)

    def share(self, sample: int) -> Float64 | float:
        """s of a sample, counted from 1: one number, or (runs, 1) of a stack."""
        return 1.0 / sample

    def bind(self, theta: Array, mean: Array, run: RunLength) -> Callable[[int], None]:
        """A function to be called after every update with the number of updates done.

        Args:
            theta: the parameters (runs, parameters).
            mean: ā likewise, updated in place.
            run: how long the run is.
        """
        pieces = [(rows, theta[rows, columns], mean[rows, columns]) for rows, columns in slices(*theta.shape)]
        scratch = aligned_empty((max((piece.size for _, piece, _ in pieces), default=0),), theta.dtype)

        def after(updates: int) -> None:
            sample = self.samples(updates, run)
            if sample == 0 or sample == self.samples(updates - 1, run):
                return
            if sample == 1:
                np.copyto(mean, theta)
                return
            shares = np.broadcast_to(np.asarray(self.share(sample), theta.dtype), (len(theta), 1))
            for rows, piece, average in pieces:
                difference = scratch[: piece.size].reshape(piece.shape)
                np.subtract(piece, average, out=difference)
                np.multiply(difference, shares[rows], out=difference)
                np.add(average, difference, out=average)

        return after


@dataclass(frozen=True)
class Ema(Averaging):
    """An exponential moving average of the weights: the last 1/(1 − decay) updates count, about.

    Formula:
        ā ← θ at the first update after `start_epoch`, then ā ← decay·ā + (1 − decay)·θ

    Options:
        decay: the share of the average that is kept from update to update.
        start_epoch: epochs before the average begins; until then the weights themselves are evaluated.

    Variant:
        As PyTorch's AveragedModel with get_ema_multi_avg_fn: the first weights are copied, so nothing pulls
        to zero and there is no correction of a bias. What batch_norm remembers is not averaged.

    Reference:
        Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control
        and Optimization 30, 1992; Tarvainen & Valpola, "Mean teachers are better role models", NeurIPS 2017.
    """

    decay: Annotated[float, Ge(0), Lt(1)] = 0.999
    start_epoch: WholeNumber = 0

    def first_epoch(self, run: RunLength) -> int:
        return self.start_epoch

    def share(self, sample: int) -> Float64 | float:
        return 1 - self.decay


@dataclass(frozen=True)
class Swa(Averaging):
    """Stochastic weight averaging: the mean of the weights at the ends of the last epochs.

    Formula:
        ā = (θ₁ + … + θₙ)/n over the ends of all epochs after `start_epoch`

    Options:
        start_epoch: epochs before the first one that counts; null for three quarters of the run. Until the
            end of that one the weights themselves are evaluated.

    Variant:
        As PyTorch's AveragedModel, updated once an epoch. The paper keeps the learning rate constant or lets
        it cycle meanwhile; here the schedule is free. What batch_norm remembers is not averaged; the paper
        computes it anew.

    Reference:
        Izmailov et al., "Averaging weights leads to wider optima and better generalization", UAI 2018.
    """

    start_epoch: WholeNumber | None = None

    def first_epoch(self, run: RunLength) -> int:
        return 3 * run.epochs // 4 if self.start_epoch is None else self.start_epoch

    def samples(self, updates: int, run: RunLength) -> int:
        return max(0, updates // max(run.steps_per_epoch, 1) - self.first_epoch(run))


@dataclass(frozen=True)
class Polyak(Averaging):
    """Polyak–Ruppert averaging: the mean of the weights after every update of the later part of the run.

    Formula:
        ā = (θ₁ + … + θₙ)/n over all updates after `start_epoch`

    Options:
        start_epoch: epochs before the first update that counts; null for half of the run. Until then the
            weights themselves are evaluated.

    Variant:
        The mean over the end of the run, as the third reference has it; with start_epoch: 0 it is that of
        all updates, as in the first two. What batch_norm remembers is not averaged.

    Reference:
        Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control
        and Optimization 30, 1992; Ruppert, "Efficient estimations from a slowly convergent Robbins–Monro
        process", 1988; Rakhlin, Shamir & Sridharan, "Making gradient descent optimal for strongly convex
        stochastic optimization", ICML 2012.
    """

    start_epoch: WholeNumber | None = None

    def first_epoch(self, run: RunLength) -> int:
        return run.epochs // 2 if self.start_epoch is None else self.start_epoch
