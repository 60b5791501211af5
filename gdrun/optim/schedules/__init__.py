"""Learning-rate schedules, one a file: each reads like its formula."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.optim.schedules.constant import Constant

SCHEDULES = registry(constant=Constant)
