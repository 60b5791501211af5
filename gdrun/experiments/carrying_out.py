"""Carries plans out: trains what is not done yet, and notes how the run or the group ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gdrun.config import Config, dump_yaml, from_plain, to_plain
from gdrun.engines.engine import carry_out
from gdrun.engines.interruption import Interruption
from gdrun.errors import GdrunError, MembersFailedError, StoppedError
from gdrun.experiments.events import Event
from gdrun.experiments.summary import result_row, summarize
from gdrun.experiments.tile import RunSpec, Tile, run_tile
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import CHECKPOINTS, MEMBERS, Status
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RECORD as RUN_RECORD
from gdrun.run_directory.run import RunDirectory

Tell = Callable[[Event], None]


def carry_out_run(
    run: RunDirectory,
    config: Mapping[str, Any],
    *,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
    resume: bool = False,
) -> None:
    """Train one run in this process.

    Args:
        run: its directory, whose lock the caller holds.
        config: complete and resolved, as plain data.
        tell: receives events.
        interruption: may end it early.
        plugins: files to load first.
        resume: whether to go on from the newest checkpoint.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        GdrunError: what else prevented it.
    """
    tile = Tile(0, (RunSpec(run.path, config),), run.path / CHECKPOINTS, tuple(plugins), resume)
    (result,) = carry_out(run_tile, [tile], workers=1, tell=tell, interruption=interruption)
    if isinstance(result, Exception):
        stopped = isinstance(result, StoppedError)
        error = interruption.error(f"; go on with: gdrun resume {run.path}") if stopped else result
        _note_failure(run.path, error)
        raise error
    Checkpoints(run.path / CHECKPOINTS).clear()


def carry_out_group(
    group: GroupDirectory,
    specs: Sequence[RunSpec],
    *,
    tile_runs: int,
    workers: int,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
    resume: bool = False,
) -> None:
    """Train the runs of a group and write what they come to, in the order of the plan.

    Args:
        group: its directory, whose lock the caller holds.
        specs: of all its runs; those that have ended are left alone.
        tile_runs: runs trained together; the same when a group is resumed.
        workers: processes.
        tell, interruption, plugins, resume: see `carry_out_run`.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        MembersFailedError: some runs failed; the others are complete.
    """
    began = time.perf_counter()
    parts = [specs[i : i + tile_runs] for i in range(0, len(specs), tile_runs)]
    tiles = [
        Tile(number, tuple(part), group.path / CHECKPOINTS / f"stack-{number:04d}", tuple(plugins), resume)
        for number, part in enumerate(parts)
    ]
    rows: list[dict[str, Any]] = []
    failures: dict[str, Exception] = {}
    for tile, result in zip(
        tiles, carry_out(run_tile, tiles, workers=workers, tell=tell, interruption=interruption), strict=True
    ):
        if isinstance(result, Exception):
            failures |= {spec.directory.name: result for spec in tile.runs}
            for spec in tile.runs:
                _note_failure(spec.directory, result)
            records = [RunDirectory.open(spec.directory, lock=False).record for spec in tile.runs]
        else:
            records = result
            Checkpoints(tile.checkpoints).clear()
        rows += [
            result_row(spec.directory.name, record) for spec, record in zip(tile.runs, records, strict=True)
        ]
    stopped = any(isinstance(error, StoppedError) for error in failures.values())
    status: Status = "interrupted" if stopped else "failed" if failures else "completed"
    first = next(iter(failures.values()), None)
    reason = None if first is None else str(first)
    group.finish(
        status,
        reason,
        results=rows,
        summary=summarize(rows),
        timing={"total": round(time.perf_counter() - began, 6), "workers": workers},
    )
    if stopped:
        raise interruption.error(f"; go on with: gdrun resume {group.path}")
    if first is not None and len(failures) == len(specs):
        raise first
    if failures:
        names = ", ".join(list(failures)[:5]) + (", …" if len(failures) > 5 else "")
        raise MembersFailedError(
            f"{len(failures)} of {len(specs)} runs failed ({names}): {first}\n"
            f"the others are complete; after mending the cause: gdrun resume {group.path}"
        )


def member_specs(group: GroupDirectory, config: Config) -> list[RunSpec]:
    """The specs of a group's runs, in the order of its plan; directories that are missing are made.

    Args:
        group: whose plan has an entry a run: `run`, its name, and the config keys in which it differs.
        config: of the group.
    """
    specs = []
    for entry in group.record["plan"]:
        changes = {key: value for key, value in entry.items() if key != "run"}
        member = from_plain(to_plain(config), changes).config
        path = group.path / MEMBERS / entry["run"]
        if not (path / RUN_RECORD).is_file():
            group.member(entry["run"], config=dump_yaml(member), seed=member.seed).release()
        specs.append(RunSpec(path, to_plain(member)))
    return specs


def _note_failure(path: Path, error: Exception) -> None:
    """Say in run.json why a run ended, unless it says so already or the system refuses."""
    status: Status = "interrupted" if isinstance(error, StoppedError) else "failed"
    with contextlib.suppress(GdrunError):
        run = RunDirectory.open(path, lock=False)
        if run.record["status"] == "running":
            run.finish(status, str(error))
