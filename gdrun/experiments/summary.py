"""What the runs of a group come to: a row each, and statistics over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gdrun.config import Config
from gdrun.run_directory.directory import GOOD
from gdrun.statistics import describe

_OWN_COLUMNS = ("run", "seed", "split.fold.number", "phase")  # the third is called fold
_PARTS = {"train": "train", "validation": "val", "test": "test"}


def result_row(entry: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The row of results.csv of one run.

    Args:
        entry: of the group's plan: `run`, its name, and the config keys in which it differs from others.
        record: the content of its run.json.
    """
    result, timing = record["result"] or {}, record["timing"] or {}
    if record["command"] == "minimize" or "point" in result:
        return _descent_row(entry, record)
    row: dict[str, Any] = {
        "run": entry["run"],
        **{key: value for key, value in entry.items() if key not in _OWN_COLUMNS},
        "seed": record["seed"],
        "fold": record["fold"],
        "phase": entry.get("phase"),
        "status": record["status"],
        "best_epoch": result.get("best_epoch"),
        "epochs": timing.get("epochs"),
        "steps": timing.get("steps"),
    }
    for part, prefix in _PARTS.items():
        for quantity, value in (result.get(part) or {}).items():
            row[f"{prefix}_{quantity}"] = value
    row["seconds"] = timing.get("share")
    return row


def _descent_row(entry: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a run of `gdrun minimize`, or of one that compares optimizers on an objective."""
    result, timing = record["result"] or {}, record["timing"] or {}
    return {
        "run": entry["run"],
        **{key: value for key, value in entry.items() if key not in _OWN_COLUMNS},
        "seed": record["seed"],
        "phase": entry.get("phase"),
        "status": record["status"],
        **{name: result.get(name) for name in ("best_step", "value", "gradient_norm", "distance")},
        **(result.get("point") or {}),
        "steps": timing.get("steps"),
        "seconds": timing.get("share"),
    }


def seeds_summary(path: Path, config: Config, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary.json of runs that differ in their seed alone."""
    return summarize(rows)


def summarize(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How the runs of a group ended, and every result described.

    Runs that diverged or failed are counted by their status; their values never enter a mean.
    """
    good = [row for row in rows if row["status"] in GOOD]
    columns = dict.fromkeys(key for row in good for key in row if key.startswith(("train_", "val_", "test_")))
    metrics = {name: asdict(describe([row.get(name) for row in good])) for name in columns}
    return {"runs": len(rows), "statuses": statuses_of(rows), "metrics": metrics}


def statuses_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many runs ended how."""
    return dict(Counter(str(row["status"]) for row in rows))
