"""Learning-rate schedules: each reads like its formula. Begin with `polynomial.py` and `cosine.py`."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.optim.schedule import Schedule

SCHEDULES: Registry[Schedule] = Registry(
    "gdrun.optim.schedules",
    constant="constant.Constant",
    linear="polynomial.Linear",
    step="staircase.Step",
    multi_step="staircase.MultiStep",
    exponential="decay.Exponential",
    inverse_time="decay.InverseTime",
    inverse_sqrt="decay.InverseSqrt",
    polynomial="polynomial.Polynomial",
    cosine="cosine.Cosine",
    cosine_restarts="cosine.CosineRestarts",
    one_cycle="cycles.OneCycle",
    cyclic="cycles.Cyclic",
    warmup_stable_decay="cycles.WarmupStableDecay",
    noam="decay.Noam",
    piecewise="staircase.Piecewise",
    sequence="sequence.Sequence",
    plateau="plateau.Plateau",
)

__all__ = ["SCHEDULES"]

__getattr__ = class_lookup(__name__, SCHEDULES)
