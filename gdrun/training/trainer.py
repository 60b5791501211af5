"""The loop over epochs and batches: the only one there is."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

import numpy as np

from gdrun.errors import StoppedError
from gdrun.training.batches import generator_states, restore_generators
from gdrun.training.evaluation import StackEvaluator
from gdrun.training.learning import Learning
from gdrun.training.learning_rate import LearningRates
from gdrun.training.progress import Progress, non_finite
from gdrun.training.record import Ending, Observer, Outcome, Record
from gdrun.training.snapshot import Snapshot
from gdrun.training.stack import Stack
from gdrun.training.work import StackWork


class Trainer:
    """Trains a stack from its start, or from a snapshot, to the end of each run.

    A "place" is an index into the stack as it is now, a "run" one into `work.runs`.

    Args:
        work: what to do.
        observer: is told of every evaluation and of every run's end, keeps snapshots, and may interrupt.
        snapshot: where to go on; of a trainer with the same work.
        without: runs that are left out, since their results are there already.
    """

    def __init__(
        self,
        work: StackWork,
        observer: Observer,
        snapshot: Snapshot | None = None,
        without: Collection[int] = (),
    ) -> None:
        self.work = work
        self.observer = observer
        self.stack = Stack(work)
        self.rates = LearningRates(work)
        self.evaluator = StackEvaluator(work)
        self.learning = Learning(work)
        self.progress = [Progress(run) for run in self.stack.runs]  # by place
        self.best = self.stack.variables.copy()  # (runs, variables), by place
        self.epoch = 0  # epochs done
        self.batch = 0  # batches done in the epoch that is under way
        self.began = time.perf_counter()
        self.fresh = snapshot is None
        if snapshot is not None:
            self._restore(snapshot)
        self._keep([place for place, run in enumerate(self.stack.runs) if run not in without])

    @property
    def seconds(self) -> float:
        """Wall time of training, earlier processes included."""
        return time.perf_counter() - self.began

    def run(self) -> None:
        """Train until every run has ended.

        Raises:
            StoppedError: the observer interrupted; a snapshot was saved.
        """
        with np.errstate(all="ignore"):  # a run that overflows is found out below: that is a result
            if self.fresh and self.stack.runs:
                self._close_epoch()
            while self.stack.runs:
                self._train_epoch()
                self.epoch += 1
                self.batch = 0
                self._close_epoch()

    def _train_epoch(self) -> None:
        stack = self.stack
        if self.batch == 0:
            stack.order.next_epoch()
        stack.prepare(*self.rates.of_epoch(self.epoch, stack.runs))
        last = len(self.work.batches) - 1
        for batch in range(self.batch, last):
            stack.update(batch, keep_norm=False)
            if self.observer.interrupted():
                self.batch = batch + 1
                self._interrupt()
        stack.update(last, keep_norm=True)

    def _close_epoch(self) -> None:
        """Evaluate if it is time, let go of the runs that have ended, keep a snapshot if it is time."""
        places = range(len(self.stack.runs))
        final = self.epoch == self.work.epochs
        endings: dict[int, tuple[Ending, str]] = {}
        satisfied = self._satisfied()
        if final or self.epoch % self.work.evaluate_every == 0:
            endings |= self._evaluate(places)
        elif satisfied:
            endings |= self._evaluate(satisfied)
        reason = f"the gradient norm fell below {self.work.tolerance:g} in epoch {self.epoch}"
        endings = dict.fromkeys(satisfied, ("stopped", reason)) | endings
        for place in np.flatnonzero(~np.isfinite(self.stack.variables).all(axis=1)):
            reason = endings.get(int(place), ("", ""))[1]
            endings[int(place)] = (
                "diverged",
                reason or f"a weight became NaN or infinite in epoch {self.epoch}",
            )
        if final:
            endings = dict.fromkeys(places, ("completed", "")) | {
                place: ending for place, ending in endings.items() if ending[0] == "diverged"
            }
        self._end(endings)
        if self.stack.runs:
            self.observer.epoch_ended(self.epoch)
            if self.observer.interrupted():
                self._interrupt()
            if self.observer.checkpoint_due():
                self.observer.save(self.snapshot())

    def _satisfied(self) -> list[int]:
        """The places whose gradient is small enough to stop."""
        if not self.work.tolerance or self.epoch == 0:
            return []
        return [int(place) for place in np.flatnonzero(self.stack.norm < self.work.tolerance)]

    def _evaluate(self, places: Iterable[int]) -> dict[int, tuple[Ending, str]]:
        """Evaluate the runs at these places; returns those that have ended by what was found."""
        chosen = list(places)
        stack = self.stack
        runs = [stack.runs[place] for place in chosen]
        known = self.epoch > 0 and stack.has_gradient
        norms = stack.norm[chosen].tolist() if known else [None] * len(chosen)
        step = self.epoch * len(self.work.batches)
        result = stack.result(step)
        variables = result if len(chosen) == len(stack.runs) else result[chosen]
        rates = self.rates.last(runs)
        records = [
            Record(self.epoch, step, rate, train, validation, norm, self.seconds)
            for rate, norm, (train, validation) in zip(
                rates, norms, self.evaluator.evaluate(variables, runs), strict=True
            )
        ]
        self.learning.observe(self.epoch, runs, variables)
        endings: dict[int, tuple[Ending, str]] = {}
        for place, record in zip(chosen, records, strict=True):
            progress = self.progress[place]
            names = non_finite(record)
            if not names and progress.observe(record, self.work):
                self.best[place] = result[place]
            self.observer.evaluated(stack.runs[place], record)
            if names:
                progress.last = record
                endings[place] = ("diverged", f"{names} became NaN or infinite in epoch {self.epoch}")
            elif reason := progress.patience_is_over(self.work.early_stopping):
                endings[place] = ("stopped", reason)
            else:
                self.rates.observe(stack.runs[place], record)
        return endings

    def _end(self, endings: dict[int, tuple[Ending, str]]) -> None:
        """Report these runs' outcomes and take them out of the stack."""
        for place, (status, reason) in sorted(endings.items()):
            progress, run = self.progress[place], self.stack.runs[place]
            kept = self.best[place].copy()
            learning = self.learning.of(run, kept, progress.best.epoch if progress.best else None)
            outcome = Outcome(
                status, reason, self.epoch, self.epoch * len(self.work.batches),
                progress.best, progress.last, kept, self.seconds, learning,
            )  # fmt: skip
            self.observer.finished(run, outcome)
        self._keep([place for place in range(len(self.stack.runs)) if place not in endings])

    def _keep(self, places: list[int]) -> None:
        """Go on with the runs at these places only."""
        if len(places) < len(self.stack.runs):
            self.best = self.best[places]
            self.progress = [self.progress[place] for place in places]
            self.stack.keep(places)

    def _interrupt(self) -> None:
        self.observer.save(self.snapshot())
        raise StoppedError("interrupted")

    def snapshot(self) -> Snapshot:
        """All that is needed to go on from here to the same bits."""
        stack = self.stack
        arrays = {
            "parameters": stack.parameters,
            "layer_state": stack.layer_state,
            "best": self.best,
            "order": stack.order.order,
            "norm": stack.norm,
        }
        arrays |= stack.state
        arrays |= {f"learning.{name}": values for name, values in self.learning.snapshot(stack.runs).items()}
        document = {
            "epoch": self.epoch,
            "batch": self.batch,
            "seconds": self.seconds,
            "runs": list(stack.runs),
            "progress": [progress.to_plain() for progress in self.progress],
            "rates": self.rates.to_plain(),
            "order_generators": generator_states(stack.order.generators),
            "noise_generators": {str(k): generator_states(v) for k, v in stack.generators.items()},
            "augmentation_generators": generator_states(stack.augmenting),
        }
        return Snapshot(arrays, document)

    def _restore(self, snapshot: Snapshot) -> None:
        document, arrays = snapshot.document, snapshot.arrays
        self.epoch, self.batch = document["epoch"], document["batch"]
        self.began -= document["seconds"]
        stack = self.stack
        stack.restore(document["runs"], arrays["parameters"], arrays["layer_state"], arrays["order"])
        stack.norm = arrays["norm"]
        for name, values in stack.state.items():
            values[...] = arrays[name]
        restore_generators(stack.order.generators, document["order_generators"])
        restore_generators(stack.augmenting, document["augmentation_generators"])
        for layer, sources in stack.generators.items():
            restore_generators(sources, document["noise_generators"][str(layer)])
        self.best = arrays["best"].copy()
        self.progress = [Progress.from_plain(plain) for plain in document["progress"]]
        self.rates.restore(document["rates"])
        learning = {name: values for name, values in arrays.items() if name.startswith("learning.")}
        self.learning.restore(
            stack.runs, {name.removeprefix("learning."): values for name, values in learning.items()}
        )
