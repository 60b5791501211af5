"""What the descents of a group come to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdrun.config import ObjectiveConfig
from gdrun.experiments.command import Row
from gdrun.experiments.summary import summarize_columns

QUANTITIES = ("value", "gradient_norm", "distance", "steps")


def descents_summary(path: Path, config: ObjectiveConfig, rows: Sequence[Row]) -> dict[str, Any]:
    """How the runs ended, every result described over those that ended well, and the best of them.

    The best is taken of all runs with a value: one that diverged in the end may have been there before.
    """
    valued = [row for row in rows if row.get("value") is not None]
    best = min(valued, key=lambda row: config.sign * row["value"], default=None)
    return {
        **summarize_columns(rows, QUANTITIES),
        "best": None
        if best is None
        else {key: best[key] for key in ("run", "value", "gradient_norm", "distance", "best_step")}
        | {"point": {name: best[name] for name in config.objective.variables}},
        "minimum": config.objective.minimum if config.sign > 0 else None,
    }
