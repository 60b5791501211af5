"""Optimizers, learning-rate schedules and what else happens to a gradient.

Read `optimizer.py` (the interface), then `adam.py`; `schedule.py`, then `schedules/`.
"""

from __future__ import annotations

from gdrun.component import registry
from gdrun.optim.adam import Adam

OPTIMIZERS = registry(adam=Adam)
