"""What a sweep comes to: every point described over its seeds, and an order of the points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gdrun.config import AnyConfig, Config, ObjectiveConfig
from gdrun.experiments.command import Row
from gdrun.experiments.minimize.summary import QUANTITIES
from gdrun.experiments.summary import statuses_of, summarize, summarize_columns
from gdrun.run_directory.directory import GOOD
from gdrun.run_directory.group import RECORD
from gdrun.run_directory.json_files import read_json

_OF_DESCENTS = (*QUANTITIES, "best_step")
_IN_THE_LOSS = ("loss", "penalty", "preprocessing")  # the last sets the unit of a regression's target


def sweep_summary(path: Path, config: AnyConfig, rows: Sequence[Row]) -> dict[str, Any]:
    """The summary.json of a sweep.

    A point is as good as the mean of the monitor over its runs, each at its best epoch. Points of which a run
    diverged or failed come after those of which none did, and points without a good run come last, so that
    a mean over fewer runs never makes a point look better. Equal ones are in the order of their loss on the
    same rows, then in that of the plan. Descents are as good as their best value; of equal ones that which
    comes there in fewer steps is first.

    Args:
        path: of the group.
        config: of the group.
        rows: of results.csv; a key that is varied gets its column back where the results have one of the
            same name.
    """
    record = read_json(path / RECORD)
    keys, seeds = record["sweep"]["keys"], record["sweep"]["seeds"]
    points = []
    planned = zip(record["plan"], rows, strict=True)
    for number, pairs in itertools.groupby(planned, key=lambda pair: pair[0]["point"]):
        entries, own = zip(*pairs, strict=True)
        settings = {key: entries[0][key] for key in keys}
        for row in own:
            row |= settings
        descends = isinstance(config, ObjectiveConfig)
        found = summarize_columns(own, _OF_DESCENTS) if descends else summarize(own)
        points.append({"point": number, "settings": settings, **found})
    monitor, better = _monitor(config, keys, rows)
    ranking = sorted(points, key=lambda point: _rank(point, monitor, better))
    best = ranking[0]
    return {
        "runs": len(rows),
        "statuses": statuses_of(rows),
        "keys": keys,
        "monitor": monitor,
        "better": better,
        "seeds": seeds,
        "random": record["sweep"]["random"],
        "points": points,
        "ranking": [point["point"] for point in ranking],
        "best": best["point"] if _mean(best, monitor) is not None else None,
        "metrics": {},
    }


def _monitor(config: AnyConfig, keys: Sequence[str], rows: Sequence[Row]) -> tuple[str, str]:
    """The column that tells how good a run is, and whether "higher" or "lower" is better.

    The first that every run with a result has: what early stopping looks at, the first metric on the
    validation rows, their loss, the loss on the training rows. Where what the loss measures varies, its
    values can't be compared, and metrics come first. Of a descent it is the value.
    """
    if isinstance(config, ObjectiveConfig):
        return _OF_DESCENTS[0], "lower" if config.sign > 0 else "higher"
    metrics = {metric.name: metric.better for metric in config.metrics or ()}
    wanted = list(_candidates(config, list(metrics)))
    if any(key.partition(".")[0] in _IN_THE_LOSS for key in keys):
        wanted.sort(key=lambda name: name.endswith("_loss"))
    good = [row for row in rows if row["status"] in GOOD]
    column = next((name for name in wanted if all(row.get(name) is not None for row in good)), wanted[-1])
    return column, metrics.get(column.partition("_")[2], "lower")


def _candidates(config: Config, metrics: Sequence[str]) -> Iterator[str]:
    if config.early_stopping is not None:
        yield config.early_stopping.monitor
    if metrics:
        yield f"val_{metrics[0]}"
    yield "val_loss"
    yield "train_loss"


def _rank(point: Mapping[str, Any], monitor: str, better: str) -> tuple[int, float, float, int]:
    """What orders the points, the best one first."""
    second = "best_step" if monitor == _OF_DESCENTS[0] else f"{monitor.partition('_')[0]}_loss"
    mean, then = _mean(point, monitor), _mean(point, second)
    if mean is None:
        return 2, math.inf, math.inf, point["point"]
    whole = all(status in GOOD for status in point["statuses"])
    score = -mean if better == "higher" else mean
    return 0 if whole else 1, score, math.inf if then is None else then, point["point"]


def _mean(point: Mapping[str, Any], monitor: str) -> float | None:
    value = point["metrics"].get(monitor, {}).get("mean")
    return None if value is None else float(value)
