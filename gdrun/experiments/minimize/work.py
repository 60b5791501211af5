"""From the configs of descents to what is done for them, and what that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gdrun.component import stacking_key
from gdrun.config.objective import ObjectiveConfig
from gdrun.experiments import tiles
from gdrun.training.descent import LOOK_EVERY
from gdrun.training.positions import DescentWork

SMOKE_STEPS = 20
MOST_TOGETHER = 1000  # descents of a tile; more only make the loss of one larger
_TILE_BYTES = 1 << 28  # of trajectories, at most, unless one run alone has more
_STEP_SECONDS, _VALUE_SECONDS = 5e-5, 2e-8  # a step of a tile, and of each number in it
_ROW_SECONDS, _FILES_SECONDS = 5e-6, 2e-3  # a row of a trajectory that is written, and what a run leaves


def smoke(config: ObjectiveConfig) -> ObjectiveConfig:
    """The same descent, cut short: for checking in CI that it runs at all."""
    from dataclasses import replace

    return replace(config, steps=min(config.steps, SMOKE_STEPS))


def kind_of(config: ObjectiveConfig) -> tuple[Any, ...]:
    """What must be the same for descents to be made as one stack: all but numbers, seeds and starts."""
    parts = (config.objective, config.direction, config.dtype, config.interval, config.steps)
    stacked = (config.optimizer, config.lookahead, config.averaging, config.gradient_noise)
    return (
        repr((*parts, config.tolerance, config.gradient_clipping)),
        *(part and repr(stacking_key(part)) for part in stacked),
    )


def descent_work(configs: Sequence[ObjectiveConfig]) -> DescentWork:
    """The work of one stack, whose configs share everything but numbers."""
    first = configs[0]
    return DescentWork(
        objective=first.objective,
        sign=first.sign,
        dtype=np.dtype(first.dtype),
        starts=np.array([config.starts()[0] for config in configs], np.float64),
        methods=[config.optimizer for config in configs],
        schedules=[config.schedule for config in configs],
        runs=configs,
        interval=first.interval,
        steps=first.steps,
        tolerance=first.tolerance or 0.0,
        gradient_clipping=first.gradient_clipping,
    )


def run_bytes(config: ObjectiveConfig) -> int:
    """Bytes of one run's trajectory."""
    return np.dtype(config.dtype).itemsize * (config.steps + 1) * (config.dimension + 3)


def tile_size(config: ObjectiveConfig, runs: int, workers: int) -> int:
    """Runs a tile: as many as fit, and the same number of tiles a worker."""
    each = run_bytes(config) + config.objective.memory(2) - config.objective.memory(1)
    most = max(1, min(MOST_TOGETHER, _TILE_BYTES // each))
    rounds = -(-runs // (most * workers))
    return -(-runs // (rounds * workers))


def memory_needed(config: ObjectiveConfig, tile_runs: int, workers: int) -> int:
    """Bytes that it takes at most: trajectories, the text of some of them, and what the objective needs."""
    moment = np.dtype(config.dtype).itemsize * LOOK_EVERY * config.dimension
    written = 25 * (config.steps + 1) * (config.dimension + 4)
    ways = tile_runs * (run_bytes(config) + moment)
    objective = config.objective.memory(tile_runs)
    return workers * (ways + min(tile_runs, WRITTEN_TOGETHER) * written + objective)


def check_memory(needed: int) -> None:
    """Refuse descents that don't fit, before anything is allocated.

    Raises:
        SystemRefusedError: with both figures.
    """
    tiles.check_memory(needed, "fewer variables, steps or --workers")


WRITTEN_TOGETHER = 64  # runs whose files are made and written at a time


def estimated_seconds(config: ObjectiveConfig, runs: int) -> float:
    """A rough guess of the time that runs take on one core."""
    tiles = -(-runs // tile_size(config, runs, 1))
    descent = config.steps * (tiles * _STEP_SECONDS + runs * config.dimension * _VALUE_SECONDS)
    return descent + runs * (_FILES_SECONDS + _ROW_SECONDS * (config.steps + 1))
