"""The interface of a learning-rate schedule: a pure function of the step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Component

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class RunLength:
    """How long a run is planned to be: a schedule spans it.

    Attributes:
        epochs: passes over the training rows.
        steps_per_epoch: updates in each.
    """

    epochs: int
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch


@dataclass(frozen=True)
class Schedule(Component):
    """The base of every schedule. A subclass is a frozen dataclass whose fields are its options.

    The learning rate of step t = 0, 1, … is base · factor(t), and only the step decides.
    """

    def factor(self, step: Float64, run: RunLength) -> Float64:
        """The factor of the base learning rate at each step.

        Args:
            step: (steps,) whole numbers from 0, as floats.
            run: the planned length.
        """
        raise NotImplementedError
