"""1,000 starts of 500 steps of Adam on rosenbrock: the descent alone, and the call with every file."""

from __future__ import annotations

import os
import tempfile
import time
from statistics import median

import numpy as np

from benchmarks.targets import Finding

STARTS, STEPS = 1000, 500
DESCENT, WITH_FILES = 0.2, 10.0  # seconds
CONFIG = {
    "name": "descents",
    "objective": "rosenbrock",
    "start": {"uniform": [-2, 2], "count": STARTS},
    "optimizer": {"name": "adam", "learning_rate": 0.05},
    "steps": STEPS,
}


def descent_seconds() -> float:
    """CPU time of the descents as one stack, without files."""
    from gdrun.config.load import plain_source
    from gdrun.experiments.minimize.work import descent_work
    from gdrun.training.descent import descend

    config = plain_source(CONFIG).load_objective().config
    starts = [plain_source(CONFIG).load_objective({"start": list(point)}).config for point in config.starts()]
    work = descent_work(starts)
    began = time.process_time()
    ways = descend(work, lambda *_: None)
    seconds = time.process_time() - began
    assert np.median([way.values[-1] for way in ways]) < 1
    return seconds


def call_seconds() -> tuple[float, float]:
    """CPU and wall time of `gdrun.minimize` with one worker: 1,000 run directories and the report."""
    import gdrun

    with tempfile.TemporaryDirectory() as runs:
        cpu, wall = time.process_time(), time.perf_counter()
        group = gdrun.minimize(CONFIG, runs_dir=runs, workers=1)
        seconds = time.process_time() - cpu, time.perf_counter() - wall
        assert len(os.listdir(group.path / "members")) == STARTS  # noqa: PTH208
    return seconds


def findings(repetitions: int) -> list[Finding]:
    """Both against their targets; the disk's time is in the wall time alone."""
    descents = median(descent_seconds() for _ in range(repetitions))
    calls = [call_seconds() for _ in range(max(1, repetitions // 3))]
    cpu, wall = (median(call[place] for call in calls) for place in (0, 1))
    what = f"minimize, {STARTS:,} starts of {STEPS} steps of adam on rosenbrock"
    return [
        Finding(
            f"{what}: the descent, CPU time", f"≤ {DESCENT:g} s", f"{descents:.3f} s", descents <= DESCENT
        ),
        Finding(
            f"{what}: with every file, CPU time", f"≤ {WITH_FILES:g} s", f"{cpu:.1f} s", cpu <= WITH_FILES
        ),
        Finding(
            f"{what}: with every file, by the clock",
            f"≤ {WITH_FILES:g} s",
            f"{wall:.1f} s",
            wall <= WITH_FILES,
        ),
    ]


if __name__ == "__main__":
    for found in findings(5):
        print(found)
