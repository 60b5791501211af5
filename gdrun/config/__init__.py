"""Configs: YAML read strictly, and made into objects.

Read `config.py` and `sections.py` (what there is to say), then `reader.py` (text to values with positions),
`build.py` (values to objects by their annotations), `overrides.py`, `load.py` (all of it in order).
"""

from __future__ import annotations

from gdrun.config.config import Config
from gdrun.config.load import Loaded, from_plain, load
from gdrun.config.plain import to_plain
from gdrun.config.sections import Checkpoint, Compute, EarlyStopping, Evaluation, Preprocessing, Split
from gdrun.config.tasks import task_of, with_task

__all__ = [
    "Checkpoint",
    "Compute",
    "Config",
    "EarlyStopping",
    "Evaluation",
    "Loaded",
    "Preprocessing",
    "Split",
    "from_plain",
    "load",
    "task_of",
    "to_plain",
    "with_task",
]
