"""A tile: runs of one stack that are trained together, from their specs to their directories.

This is the one function that engines carry to where it runs; everything it gets and gives is plain data.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

from gdrun.config import Config, ObjectiveConfig
from gdrun.config.plugins import load_plugin
from gdrun.errors import WeightsError
from gdrun.experiments.build import load_all_data, stack_work
from gdrun.experiments.events import Event, RunTold
from gdrun.experiments.members import configs_of, open_members
from gdrun.experiments.minimize.tile import descend_tile
from gdrun.experiments.spec import Tile
from gdrun.experiments.threads import blas_threads
from gdrun.experiments.writer import TileWriter
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import FINAL
from gdrun.training.snapshot import Snapshot
from gdrun.training.trainer import Trainer


def run_tile(
    tile: Tile, tell: Callable[[Event], None], stop_asked: Callable[[], bool]
) -> list[dict[str, Any]]:
    """Train the runs of a tile, or make its descents; returns the content of their run.json, in order.

    Where there is a checkpoint, of a run that was interrupted or whose process died, it goes on from there.

    Raises:
        StoppedError: it was asked to stop; a checkpoint was written.
        GdrunError: the data, the config, a checkpoint or the system prevented it.
    """
    began = time.perf_counter()
    if tile.number:  # the one before left large buffers in few objects that refer to each other
        gc.collect(1)
    for path in tile.plugins:
        load_plugin(path)
    configs = configs_of(tile.runs)
    with blas_threads(configs[0].compute.blas_threads):
        if descents := [config for config in configs if isinstance(config, ObjectiveConfig)]:
            return descend_tile(tile, descents, tell, stop_asked)
        trained = [config for config in configs if isinstance(config, Config)]
        return _train(tile, trained, began, tell, stop_asked)


def _train(
    tile: Tile,
    configs: Sequence[Config],
    began: float,
    tell: Callable[[Event], None],
    stop_asked: Callable[[], bool],
) -> list[dict[str, Any]]:
    keep = Checkpoints(tile.checkpoints, configs[0].checkpoint.keep)
    configs, data, which = load_all_data(configs)
    work = stack_work(configs, data, which)
    directories = open_members(tile.runs, configs, tile.plugins)
    with TileWriter(tile, directories, work, configs[0], keep, tell, stop_asked) as writer:
        snapshot = _newest(keep, writer)
        ended = {number for number, run in enumerate(writer.directories) if run.record["status"] in FINAL}
        trainer = Trainer(work, writer, snapshot, without=ended)
        writer.begin(trainer, time.perf_counter() - began, snapshot)
        for number in ended:
            run = writer.directories[number]
            tell(RunTold(tile.number, run.path.name, run.record["status"]))
        try:
            trainer.run()
        except BaseException as error:
            writer.interrupted_by(error)
            raise
    return [dict(run.record) for run in writer.directories]


def _newest(keep: Checkpoints, writer: TileWriter) -> Snapshot | None:
    checkpoint = keep.newest()
    if checkpoint is None:
        return None
    for notice in checkpoint.notices:
        writer.log.warning(notice)
    if checkpoint.document.get("identity") != writer.identity:
        raise WeightsError(
            f"{checkpoint.path} belongs to another config, other data or another version; start the run again"
        )
    return Snapshot(checkpoint.arrays, checkpoint.document)
