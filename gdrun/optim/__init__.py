"""Optimizers, learning-rate schedules and what else happens to a gradient.

Read `optimizer.py` (the interface), then `sgd.py` and `adam.py`; `stepper.py` drives them over the buffers of
a stack. `schedule.py`, then `schedules/`. `clipping.py`, `penalty.py` and `scaling.py` stand alone.
"""

from __future__ import annotations

from gdrun.component import registry
from gdrun.optim.adagrad import Adadelta, Adagrad
from gdrun.optim.adam import Adam, AdamW
from gdrun.optim.adam_family import AdaMax, NAdam, RAdam
from gdrun.optim.clipping import GradientClipping, gradient_norm
from gdrun.optim.optimizer import Optimizer, take
from gdrun.optim.penalty import Penalty
from gdrun.optim.rmsprop import RmsProp
from gdrun.optim.scaling import LearningRateScaling
from gdrun.optim.schedule import RunLength, Schedule
from gdrun.optim.schedules import SCHEDULES
from gdrun.optim.sgd import Momentum, Nesterov, Sgd
from gdrun.optim.stepper import Stepper, aligned_zeros, has_momentum

OPTIMIZERS: dict[str, type[Optimizer]] = registry(
    sgd=Sgd,
    momentum=Momentum,
    nesterov=Nesterov,
    adagrad=Adagrad,
    adadelta=Adadelta,
    rmsprop=RmsProp,
    adam=Adam,
    adamw=AdamW,
    adamax=AdaMax,
    nadam=NAdam,
    radam=RAdam,
)

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "AdaMax",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "GradientClipping",
    "LearningRateScaling",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "Penalty",
    "RAdam",
    "RmsProp",
    "RunLength",
    "Schedule",
    "Sgd",
    "Stepper",
    "aligned_zeros",
    "gradient_norm",
    "has_momentum",
    "take",
]
