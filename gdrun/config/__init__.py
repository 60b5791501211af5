"""Configs: YAML read strictly, and made into objects.

Read `config.py`, `objective.py` and `sections.py` (what there is to say), then `reader.py` (text to values
with positions), `build.py` (values to objects by their annotations), `overrides.py`, `load.py` (all of it in
order) and `changes.py` (a part of it again). Back again: `plain.py` and `dump.py`. For people: `describe.py`,
`checks.py`, `templates.py`; for editors: `schema.py`; for components of the user's own: `plugins.py`.
"""

from __future__ import annotations

from gdrun.config.changes import with_changes
from gdrun.config.config import Config
from gdrun.config.dump import dump_yaml
from gdrun.config.families import FAMILIES, Family
from gdrun.config.load import AnyConfig, Loaded, LoadedAs, from_plain, load
from gdrun.config.objective import ObjectiveConfig
from gdrun.config.overrides import Overrides
from gdrun.config.plain import to_plain
from gdrun.config.plugins import load_entry_points, load_plugin
from gdrun.config.problems import ConfigProblemsError, Position, Problem
from gdrun.config.sections import Checkpoint, Compute, EarlyStopping, Evaluation, Fold, Preprocessing, Split
from gdrun.config.tasks import task_of, with_task

__all__ = [
    "FAMILIES",
    "AnyConfig",
    "Checkpoint",
    "Compute",
    "Config",
    "ConfigProblemsError",
    "EarlyStopping",
    "Evaluation",
    "Family",
    "Fold",
    "Loaded",
    "LoadedAs",
    "ObjectiveConfig",
    "Overrides",
    "Position",
    "Preprocessing",
    "Problem",
    "Split",
    "dump_yaml",
    "from_plain",
    "load",
    "load_entry_points",
    "load_plugin",
    "task_of",
    "to_plain",
    "with_changes",
    "with_task",
]
