"""Carries plans out: trains what is not done yet, and notes how the run or the group ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gdrun.engines.interruption import SignalReceived
from gdrun.errors import GdrunError, MembersFailedError, StoppedError
from gdrun.experiments.command import Command, OneOf
from gdrun.experiments.group_training import GroupTraining, Outcome
from gdrun.experiments.means import Means
from gdrun.experiments.members import note_failure
from gdrun.experiments.spec import RunSpec
from gdrun.experiments.tile import run_tile
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import CHECKPOINTS, Status
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory


def carry_out_run(run: RunDirectory, config: Mapping[str, Any], means: Means) -> None:
    """Train one run, here unless there is a cluster, from its newest checkpoint if there is one.

    Args:
        run: its directory, whose lock the caller holds.
        config: complete and resolved, as plain data.
        means: how.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        GdrunError: what else prevented it.
    """
    spec = RunSpec(run.path, config)
    tiles = iter([means.tile(0, [spec], run.path / CHECKPOINTS)])
    outcome: Outcome
    try:
        with means.engine(run.path) as engine:
            ((_, outcome),) = engine.carry_out(run_tile, lambda: next(tiles, None))
    except GdrunError as error:  # nothing of it was done
        outcome = error
    if isinstance(outcome, Exception):
        note_failure(spec, outcome)
        if isinstance(outcome, StoppedError):
            raise means.interruption.error(f"; go on with: gdrun resume {run.path}")
        raise outcome
    Checkpoints(run.path / CHECKPOINTS).clear()


def carry_out_group(group: GroupDirectory, config: OneOf, command: Command[OneOf], means: Means) -> None:
    """Train the runs of a group and write what they come to, in the order of the plan.

    Args:
        group: its directory, whose lock the caller holds; its `stacks` say which runs train together.
        config: of the group; runs that have ended are left alone.
        command: what is made of the runs.
        means: how.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        MembersFailedError: some runs failed; the others are complete.
    """
    began = time.perf_counter()
    training = GroupTraining(group, config, command, means)
    try:
        with means.engine(group.path) as engine:
            for tile, outcome in engine.carry_out(run_tile, training.next_tile):
                training.settle(tile, outcome)
    except (StoppedError, SignalReceived) as error:  # before the first run, or twice: no results yet
        group.finish("interrupted", str(error))
        raise means.interruption.error(f"; go on with: gdrun resume {group.path}") from error
    except GdrunError as error:
        group.finish("failed", str(error))
        raise
    failures = training.failures
    status: Status = "interrupted" if training.stopped else "failed" if failures else "completed"
    first = next(iter(failures.values()), None)
    rows = training.rows
    summary = command.conclude(group.path, config, rows)
    group.finish(
        status,
        None if first is None else str(first),
        results=rows,
        summary=summary,
        timing={"total": round(time.perf_counter() - began, 6), "workers": means.workers},
    )
    if status == "completed":
        clear_checkpoints(group.path)
    _raise_failure(training, means)


def clear_checkpoints(path: Path) -> None:
    """Remove what is left of a run's or group's when it has ended: of a process that was killed after that,
    or of a run that killed its workers when it was trained alone, and ended with the others later."""
    folder = path / CHECKPOINTS
    for place in (folder, *(folder.iterdir() if folder.is_dir() else ())):
        Checkpoints(place).clear()


def _raise_failure(training: GroupTraining[Any], means: Means) -> None:
    path, failures = training.group.path, training.failures
    if training.stopped:
        raise means.interruption.error(f"; go on with: gdrun resume {path}")
    if not failures:
        return
    first = next(iter(failures.values()))
    if len(failures) == len(training.rows):
        raise first
    names = ", ".join(list(failures)[:5]) + (", …" if len(failures) > 5 else "")
    raise MembersFailedError(
        f"{len(failures)} of {len(training.rows)} runs failed ({names}): {first}\n"
        f"the others are complete; after mending the cause: gdrun resume {path}"
    )
