"""A tile of descents, from their specs to their directories."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gdrun.config.objective import ObjectiveConfig
from gdrun.errors import StoppedError
from gdrun.experiments.events import EpochTold, Event, RunTold
from gdrun.experiments.members import open_members
from gdrun.experiments.minimize.work import WRITTEN_TOGETHER, descent_work
from gdrun.experiments.spec import Tile
from gdrun.run_directory.directory import FINAL, Ending
from gdrun.run_directory.run import RunDirectory, end_runs
from gdrun.run_directory.trajectory import TRAJECTORY, pack_trajectory
from gdrun.training.descent import Trajectory, descend
from gdrun.training.positions import DescentWork

_TELL_SECONDS = 0.1  # at least, between two events


def descend_tile(
    tile: Tile,
    configs: Sequence[ObjectiveConfig],
    tell: Callable[[Event], None],
    stop_asked: Callable[[], bool],
) -> list[dict[str, Any]]:
    """Make the descents of a tile; returns the content of their run.json, in order.

    They are made from their starts, also where they were interrupted before: that gives the same bits, and
    a descent takes no longer than reading a checkpoint would. Runs that have ended are left alone.

    Raises:
        StoppedError: it was asked to stop.
        GdrunError: the objective or the system prevented it.
    """
    began = time.perf_counter()
    work = descent_work(configs)
    setup = time.perf_counter() - began
    look = _Looker(tile.number, tell, stop_asked)
    trajectories = descend(work, look)
    seconds = time.perf_counter() - began - setup
    directories = open_members(tile.runs, configs, tile.plugins)
    timing = {"setup": setup, "training": seconds, "total": setup + seconds, "share": seconds / len(configs)}
    waiting: list[Ending] = []
    for run, (directory, trajectory) in enumerate(zip(directories, trajectories, strict=True)):
        if directory.record["status"] not in FINAL:
            waiting.append(_ending(directory, work, run, trajectory, timing))
        if len(waiting) == WRITTEN_TOGETHER or (waiting and run == len(directories) - 1):
            end_runs(waiting)
            waiting.clear()
        tell(RunTold(tile.number, directory.path.name, trajectory.status))
    return [dict(directory.record) for directory in directories]


class _Looker:
    """What happens between steps: the progress is told, and an end can be asked for."""

    def __init__(self, tile: int, tell: Callable[[Event], None], stop_asked: Callable[[], bool]) -> None:
        self.tile = tile
        self.tell = tell
        self.stop_asked = stop_asked
        self.told = time.monotonic()

    def __call__(self, step: int, going: int, values: Any) -> None:
        if self.stop_asked():
            raise StoppedError("stopped on request")
        now = time.monotonic()
        if now - self.told >= _TELL_SECONDS:
            self.told = now
            median = float(np.median(values.astype(np.float64)))
            self.tell(EpochTold(self.tile, going, step, {"value": median}, step * len(values)))


def _ending(
    directory: RunDirectory, work: DescentWork, run: int, trajectory: Trajectory, timing: dict[str, float]
) -> Ending:
    steps, names = trajectory.steps, work.objective.variables
    why = f": {trajectory.reason}" if trajectory.reason else ""
    log = logging.makeLogRecord({"levelname": "INFO", "msg": f"{steps} steps, {trajectory.status}{why}"})
    directory.log_handler().emit(log)
    seconds = timing["training"]
    spent = {name: round(value, 6) for name, value in timing.items()}
    return directory.ending(
        trajectory.status,
        trajectory.reason,
        further={TRAJECTORY: pack_trajectory(names, trajectory)},
        parameters=len(names),
        timing=spent
        | {
            "steps": steps,
            "steps_per_second": round(steps * len(work.methods) / seconds, 3) if seconds else None,
            "stacked_runs": len(work.methods),
        },
        result=result_of(work, trajectory),
    )


def result_of(work: DescentWork, trajectory: Trajectory) -> dict[str, Any] | None:
    """The `result` of run.json: the best point, and how far it is from what is known."""
    best = trajectory.best(work.sign)
    if best is None:
        return None
    objective, point = work.objective, trajectory.points[best].astype(np.float64)
    value = float(trajectory.values[best])
    known = np.array(objective.minima) if work.sign > 0 and len(objective.minima) else None
    minimum = objective.minimum if work.sign > 0 else None
    return {
        "best_step": best,
        "value": value,
        "gradient_norm": float(trajectory.norms[best]),
        "point": dict(zip(objective.variables, point.tolist(), strict=True)),
        "minimum": minimum,
        "distance": None if known is None else float(np.sqrt(np.square(known - point).sum(axis=-1)).min()),
        "last": {
            "value": _finite(trajectory.values[-1]),
            "gradient_norm": _finite(trajectory.norms[-1]),
            "point": dict(zip(objective.variables, map(_finite, trajectory.points[-1]), strict=True)),
        },
    }


def _finite(number: Any) -> float | None:
    """A number for JSON: the reason of the run's end tells of one that isn't finite."""
    return float(number) if np.isfinite(number) else None
