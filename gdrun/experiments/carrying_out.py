"""Carries plans out: trains what is not done yet, and notes how the run or the group ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gdrun.config import to_plain
from gdrun.engines.cluster import Cluster
from gdrun.engines.engine import Engine
from gdrun.engines.interruption import Interruption, SignalReceived
from gdrun.errors import GdrunError, MembersFailedError, StoppedError, WorkerDiedError
from gdrun.experiments.command import Command, Entry, OneOf, Row
from gdrun.experiments.events import Event, RunTold
from gdrun.experiments.members import note_failure, record_of, records_if_ended
from gdrun.experiments.spec import RunSpec, Tile
from gdrun.experiments.summary import result_row
from gdrun.experiments.tile import run_tile
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import CHECKPOINTS, MEMBERS, Status
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory

Tell = Callable[[Event], None]
Outcome = list[dict[str, Any]] | Exception  # of a tile: the content of its run.json files, or what went wrong


@dataclass(frozen=True)
class Means:
    """With what a plan is carried out; it never changes a result.

    Attributes:
        workers: processes.
        tell: receives events.
        interruption: may end it early.
        plugins: files to load first.
        cluster: where the runs are trained, if it isn't this machine's own processes.
    """

    workers: int
    tell: Tell
    interruption: Interruption
    plugins: Sequence[Path] = ()
    cluster: Cluster | None = None

    def tile(self, number: int, specs: Sequence[RunSpec], checkpoints: Path) -> Tile:
        """Runs that are trained together; where they are, somebody may be in another folder."""
        tile = Tile(number, tuple(specs), checkpoints, tuple(self.plugins))
        return tile if self.cluster is None else tile.absolute()

    def engine(self, path: Path) -> Engine:
        """Where runs are trained, which are written under the path."""
        cluster = None if self.cluster is None else replace(self.cluster, folder=path)
        return Engine(self.workers, self.tell, self.interruption, cluster)


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
    tile = means.tile(0, [spec], run.path / CHECKPOINTS)
    outcome: Outcome
    try:
        with means.engine(run.path) as engine:
            (outcome,) = engine.carry_out(run_tile, [tile])
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
    progress = _Progress()
    try:
        with means.engine(group.path) as engine:
            _train_all(group, config, command, means, engine, progress)
    except (StoppedError, SignalReceived) as error:  # before the first run, or twice: no results yet
        group.finish("interrupted", str(error))
        raise means.interruption.error(f"; go on with: gdrun resume {group.path}") from error
    except GdrunError as error:
        group.finish("failed", str(error))
        raise
    failures = progress.failures
    status: Status = "interrupted" if progress.stopped else "failed" if failures else "completed"
    first = next(iter(failures.values()), None)
    rows = progress.ordered(group)
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
    _raise_failure(group.path, progress, means)


def clear_checkpoints(path: Path) -> None:
    """Remove what is left of a run's or group's when it has ended: of a process that was killed after that,
    or of a run that killed its workers when it was trained alone, and ended with the others later."""
    folder = path / CHECKPOINTS
    for place in (folder, *(folder.iterdir() if folder.is_dir() else ())):
        Checkpoints(place).clear()


@dataclass
class _Progress:
    """How far a group has come: the rows of the runs that have ended, what failed, what is done."""

    rows: dict[str, Row] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    runs: int = 0  # of the plan's entries
    tiles: int = 0  # of the plan's stacks

    @property
    def stopped(self) -> bool:
        """Whether an end was asked for."""
        return any(isinstance(error, StoppedError) for error in self.failures.values())

    def ordered(self, group: GroupDirectory) -> list[Row]:
        """The rows in the order of the plan."""
        return [self.rows[entry["run"]] for entry in group.record["plan"]]


def _raise_failure(path: Path, progress: _Progress, means: Means) -> None:
    failures = progress.failures
    if progress.stopped:
        raise means.interruption.error(f"; go on with: gdrun resume {path}")
    if not failures:
        return
    first = next(iter(failures.values()))
    if len(failures) == len(progress.rows):
        raise first
    names = ", ".join(list(failures)[:5]) + (", …" if len(failures) > 5 else "")
    raise MembersFailedError(
        f"{len(failures)} of {len(progress.rows)} runs failed ({names}): {first}\n"
        f"the others are complete; after mending the cause: gdrun resume {path}"
    )


def _train_all(
    group: GroupDirectory,
    config: OneOf,
    command: Command[OneOf],
    means: Means,
    engine: Engine,
    progress: _Progress,
) -> None:
    """Train the planned runs, and then those that the command asks for, until there are no more."""
    while True:
        _train_planned(group, config, command, means, engine, progress)
        if progress.stopped:
            return
        batch = command.next_runs(group.path, config, group.record, progress.ordered(group))
        if not batch.entries:
            return
        plan, stacks = group.record["plan"], group.record["stacks"]
        group.set(plan=[*plan, *map(dict, batch.entries)], stacks=[*stacks, *map(list, batch.stacks)])


def _train_planned(
    group: GroupDirectory,
    config: OneOf,
    command: Command[OneOf],
    means: Means,
    engine: Engine,
    progress: _Progress,
) -> None:
    """Train the planned runs that `progress` doesn't know yet, and let it know what came of them."""
    entries: list[Entry] = group.record["plan"][progress.runs :]
    by_name = {entry["run"]: entry for entry in entries}
    specs = {}
    for name, entry in by_name.items():
        means.interruption.check()
        member = command.member(group.record, config, entry)
        directory = group.path / MEMBERS / name
        specs[name] = RunSpec(directory, to_plain(member), command.name, command.tested(entry))
    tiles = [
        means.tile(number, [specs[name] for name in names], group.path / CHECKPOINTS / f"stack-{number:04d}")
        for number, names in enumerate(group.record["stacks"][progress.tiles :], progress.tiles)
    ]
    for tile, result in _all_outcomes(tiles, means, engine):
        if isinstance(result, Exception):
            progress.failures |= dict.fromkeys((spec.name for spec in tile.runs), result)
            for spec in tile.runs:
                note_failure(spec, result, means.plugins)
            records = [record_of(spec) for spec in tile.runs]
        else:
            records = result
            Checkpoints(tile.checkpoints).clear()
        rows = {
            spec.name: result_row(by_name[spec.name], record, descends="objective" in spec.config)
            for spec, record in zip(tile.runs, records, strict=True)
        }
        command.measure(group.path, config, group.record, list(rows.values()), records)
        progress.rows |= rows
    progress.runs += len(entries)
    progress.tiles += len(tiles)


def _all_outcomes(tiles: Sequence[Tile], means: Means, engine: Engine) -> Iterator[tuple[Tile, Outcome]]:
    """Every tile's outcome; one whose runs have all ended before is not trained again."""
    waiting = []
    for tile in tiles:
        means.interruption.check()
        records = records_if_ended(tile.runs)
        if records is None:
            waiting.append(tile)
            continue
        for spec, record in zip(tile.runs, records, strict=True):
            means.tell(RunTold(tile.number, spec.name, record["status"]))
        yield tile, records
    yield from _outcomes(waiting, engine)


def _outcomes(tiles: Sequence[Tile], engine: Engine) -> Iterator[tuple[Tile, Outcome]]:
    """Train tiles. One whose workers died is taken apart in the end, so that only the run at fault fails."""
    apart: list[Tile] = []
    for tile, result in zip(tiles, engine.carry_out(run_tile, tiles), strict=True):
        if isinstance(result, WorkerDiedError) and len(tile.runs) > 1:
            apart += _apart(tile)
        else:
            yield tile, result
    if apart:
        yield from _outcomes(apart, engine)


def _apart(tile: Tile) -> list[Tile]:
    """A tile a run. Each begins anew, and so does the tile if it comes again: no checkpoint fits both."""
    apart = [
        replace(
            tile,
            runs=(spec,),
            checkpoints=tile.checkpoints.with_name(f"{tile.checkpoints.name}-{spec.name}"),
        )
        for spec in tile.runs
    ]
    for one in (tile, *apart):
        Checkpoints(one.checkpoints).clear()
    return apart
