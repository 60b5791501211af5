"""Optimizers, learning-rate schedules and what else happens to a gradient.

Read `optimizer.py` (the interface), then `sgd.py` and `adam.py`; `stepper.py` drives them over the buffers of
a stack. `schedule.py`, then `schedules/`. `clipping.py`, `penalty.py` and `scaling.py` stand alone.
"""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.optim.averaging import Averaging
from gdrun.optim.method import Method
from gdrun.optim.optimizer import Optimizer
from gdrun.optim.schedules import SCHEDULES
from gdrun.optim.searcher import Searcher

OPTIMIZERS: Registry[Method] = Registry(
    "gdrun.optim",
    sgd="sgd.Sgd",
    momentum="sgd.Momentum",
    nesterov="sgd.Nesterov",
    adagrad="adagrad.Adagrad",
    adadelta="adagrad.Adadelta",
    rmsprop="rmsprop.RmsProp",
    adam="adam.Adam",
    adamw="adam.AdamW",
    adamax="adam_family.AdaMax",
    nadam="adam_family.NAdam",
    radam="adam_family.RAdam",
    adabelief="variances.AdaBelief",
    yogi="variances.Yogi",
    adan="adan.Adan",
    lion="signs.Lion",
    rprop="signs.Rprop",
    lars="trust.Lars",
    lamb="trust.Lamb",
    muon="muon.Muon",
    sophia="sophia.Sophia",
    lbfgs="lbfgs.Lbfgs",
    annealing="annealing.Annealing",
)

AVERAGINGS: Registry[Averaging] = Registry(
    "gdrun.optim",
    ema="averaging.Ema",
    swa="averaging.Swa",
    polyak="averaging.Polyak",
)

__all__ = ["AVERAGINGS", "OPTIMIZERS", "SCHEDULES", "Method", "Optimizer", "Searcher"]

__getattr__ = class_lookup(
    __name__, OPTIMIZERS, SCHEDULES, AVERAGINGS
)  # every optimizer, schedule and average by its class's name
