"""Learning-rate schedules: each reads like its formula. Begin with `polynomial.py` and `cosine.py`."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.optim.schedule import Schedule
from gdrun.optim.schedules.constant import Constant
from gdrun.optim.schedules.cosine import Cosine, CosineRestarts
from gdrun.optim.schedules.cycles import Cyclic, OneCycle, WarmupStableDecay
from gdrun.optim.schedules.decay import Exponential, InverseSqrt, InverseTime
from gdrun.optim.schedules.plateau import Plateau, PlateauState
from gdrun.optim.schedules.polynomial import Linear, Polynomial
from gdrun.optim.schedules.staircase import MultiStep, Piecewise, Step

SCHEDULES: dict[str, type[Schedule]] = registry(
    constant=Constant,
    linear=Linear,
    step=Step,
    multi_step=MultiStep,
    exponential=Exponential,
    inverse_time=InverseTime,
    inverse_sqrt=InverseSqrt,
    polynomial=Polynomial,
    cosine=Cosine,
    cosine_restarts=CosineRestarts,
    one_cycle=OneCycle,
    cyclic=Cyclic,
    warmup_stable_decay=WarmupStableDecay,
    piecewise=Piecewise,
    plateau=Plateau,
)

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Cyclic",
    "Exponential",
    "InverseSqrt",
    "InverseTime",
    "Linear",
    "MultiStep",
    "OneCycle",
    "Piecewise",
    "Plateau",
    "PlateauState",
    "Polynomial",
    "Step",
    "WarmupStableDecay",
]
