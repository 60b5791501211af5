"""Optimizers, learning-rate schedules and what else happens to a gradient.

Read `optimizer.py` (the interface), then `sgd.py` and `adam.py`; `stepper.py` drives them over the buffers of
a stack. `schedule.py`, then `schedules/`.
"""

from __future__ import annotations

from gdrun.component import registry
from gdrun.optim.adam import Adam, AdamW
from gdrun.optim.optimizer import Optimizer, take
from gdrun.optim.schedule import RunLength, Schedule
from gdrun.optim.schedules import SCHEDULES
from gdrun.optim.sgd import Momentum, Nesterov, Sgd
from gdrun.optim.stepper import Stepper, aligned_zeros, has_momentum

OPTIMIZERS: dict[str, type[Optimizer]] = registry(
    sgd=Sgd, momentum=Momentum, nesterov=Nesterov, adam=Adam, adamw=AdamW
)

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RunLength",
    "Schedule",
    "Sgd",
    "Stepper",
    "aligned_zeros",
    "has_momentum",
    "take",
]
