"""The learning rate of every run at every step: base × batch-size rule × schedule × plateau."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.optim.schedules.plateau import Plateau, PlateauState
from gdrun.training.record import Record
from gdrun.training.work import StackWork

Float64 = NDArray[np.float64]


class LearningRates:
    """Evaluates every run's schedule once, and watches the metric where a schedule looks at one."""

    def __init__(self, work: StackWork) -> None:
        self.work = work
        length = work.length
        schedules = [run.schedule for run in work.runs]
        distinct = list(dict.fromkeys(schedules))
        self.factors = {schedule: schedule.learning_rate_factors(length) for schedule in distinct}
        self.momentum = {schedule: schedule.momentum(length) for schedule in distinct}
        self.plateaus = {
            run: schedule.begin() for run, schedule in enumerate(schedules) if isinstance(schedule, Plateau)
        }
        self._last = np.zeros(len(work.runs))

    def of_epoch(self, epoch: int, runs: Sequence[int]) -> tuple[Float64, int, dict[int, Float64]]:
        """What `Stepper.prepare` needs for the steps of one epoch, counted from 0, of these runs.

        Returns:
            The learning rates (steps, runs), the steps taken before, and by place the momentum (steps,) of
            the runs whose schedule moves that too.
        """
        per_epoch = self.work.length.steps_per_epoch
        steps = slice(epoch * per_epoch, (epoch + 1) * per_epoch)
        rates = np.empty((per_epoch, len(runs)))
        momentum: dict[int, Float64] = {}
        for place, number in enumerate(runs):
            run = self.work.runs[number]
            base = run.optimizer.base_rate * self.work.learning_rate_factor
            if number in self.plateaus:
                base *= self.plateaus[number].factor
            rates[:, place] = base * self.factors[run.schedule][steps]
            cycle = self.momentum[run.schedule]
            if cycle is not None:
                momentum[place] = cycle[steps]
        self._last[list(runs)] = rates[-1]
        return rates, steps.start, momentum

    def last(self, runs: Sequence[int]) -> list[float]:
        """The learning rate of each of these runs at its last update."""
        rates: list[float] = self._last[list(runs)].tolist()
        return rates

    def observe(self, run: int, record: Record) -> None:
        """Show an evaluation to the schedule of a run, if that looks at a metric."""
        schedule = self.work.runs[run].schedule
        if isinstance(schedule, Plateau) and record.epoch:
            value = record.monitored(schedule.monitor)
            higher = self.work.higher_is_better(schedule.monitor)
            self.plateaus[run] = schedule.observe(self.plateaus[run], value, higher_is_better=higher)

    def to_plain(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        plateaus = {str(run): state.to_plain() for run, state in self.plateaus.items()}
        return {"last": self._last.tolist(), "plateaus": plateaus}

    def restore(self, plain: dict[str, Any]) -> None:
        """Go on from what `to_plain` gave."""
        self._last = np.array(plain["last"])
        self.plateaus = {int(run): PlateauState.from_plain(state) for run, state in plain["plateaus"].items()}
