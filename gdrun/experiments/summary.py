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


def result_row(entry: Mapping[str, Any], record: Mapping[str, Any], *, descends: bool) -> dict[str, Any]:
    """The row of results.csv of one run.

    Args:
        entry: of the group's plan: `run`, its name, and the config keys in which it differs from others.
        record: the content of its run.json.
        descends: whether it is a descent on an objective.
    """
    result, timing = record["result"] or {}, record["timing"] or {}
    if descends:
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
    """The same of a descent on an objective."""
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
    columns = dict.fromkeys(key for row in rows for key in row if key.startswith(("train_", "val_", "test_")))
    return summarize_columns(rows, list(columns))


def summarize_columns(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dict[str, Any]:
    """The same of these columns, as far as runs that ended well have them."""
    good = [row for row in rows if row["status"] in GOOD]
    metrics = {
        name: asdict(describe([row.get(name) for row in good]))
        for name in columns
        if any(row.get(name) is not None for row in good)
    }
    return {"runs": len(rows), "statuses": statuses_of(rows), "metrics": metrics}


def statuses_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many runs ended how."""
    return dict(Counter(str(row["status"]) for row in rows))
