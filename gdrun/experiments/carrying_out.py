"""Carries plans out: trains what is not done yet, and notes how the run or the group ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gdrun.config import Config, dump_yaml, from_plain, to_plain
from gdrun.engines.engine import carry_out
from gdrun.engines.interruption import Interruption, SignalReceived
from gdrun.errors import GdrunError, MembersFailedError, StoppedError, WorkerDiedError
from gdrun.experiments.events import Event
from gdrun.experiments.spec import RunSpec, Tile
from gdrun.experiments.summary import result_row, seeds_summary
from gdrun.experiments.tile import run_tile
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.directory import CHECKPOINTS, MEMBERS, Status
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RECORD as RUN_RECORD
from gdrun.run_directory.run import RunDirectory

Tell = Callable[[Event], None]
Conclude = Callable[[Path, Config, Sequence[Mapping[str, Any]]], dict[str, Any]]
Outcome = list[dict[str, Any]] | Exception  # of a tile: the content of its run.json files, or what went wrong


def carry_out_run(
    run: RunDirectory,
    config: Mapping[str, Any],
    *,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
) -> None:
    """Train one run in this process, from its newest checkpoint if there is one.

    Args:
        run: its directory, whose lock the caller holds.
        config: complete and resolved, as plain data.
        tell: receives events.
        interruption: may end it early.
        plugins: files to load first.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        GdrunError: what else prevented it.
    """
    tile = Tile(0, (RunSpec(run.path, config),), run.path / CHECKPOINTS, tuple(plugins))
    (result,) = carry_out(run_tile, [tile], workers=1, tell=tell, interruption=interruption)
    if isinstance(result, Exception):
        stopped = isinstance(result, StoppedError)
        error = interruption.error(f"; go on with: gdrun resume {run.path}") if stopped else result
        _note_failure(run.path, result)
        raise error
    Checkpoints(run.path / CHECKPOINTS).clear()


def carry_out_group(
    group: GroupDirectory,
    config: Config,
    *,
    workers: int,
    tell: Tell,
    interruption: Interruption,
    plugins: Sequence[Path] = (),
    conclude: Conclude = seeds_summary,
) -> None:
    """Train the runs of a group and write what they come to, in the order of the plan.

    Args:
        group: its directory, whose lock the caller holds; its `stacks` say which runs train together.
        config: of the group; runs that have ended are left alone.
        workers: processes.
        tell, interruption, plugins: see `carry_out_run`.
        conclude: makes the summary of the group's rows, and may write further files.

    Raises:
        StoppedError: interrupted; `gdrun resume` goes on.
        MembersFailedError: some runs failed; the others are complete.
    """
    began = time.perf_counter()
    advice = f"; go on with: gdrun resume {group.path}"
    rows: dict[str, dict[str, Any]] = {}
    failures: dict[str, Exception] = {}
    try:
        specs = _member_specs(group, config, interruption)
        by_name = {spec.directory.name: spec for spec in specs}
        entries = {entry["run"]: entry for entry in group.record["plan"]}
        tiles = [
            Tile(
                number,
                tuple(by_name[name] for name in names),
                group.path / CHECKPOINTS / f"stack-{number:04d}",
                tuple(plugins),
            )
            for number, names in enumerate(group.record["stacks"])
        ]
        for tile, result in _outcomes(tiles, workers, tell, interruption):
            if isinstance(result, Exception):
                failures |= {spec.directory.name: result for spec in tile.runs}
                for spec in tile.runs:
                    _note_failure(spec.directory, result)
                records = [RunDirectory.open(spec.directory, lock=False).record for spec in tile.runs]
            else:
                records = result
                Checkpoints(tile.checkpoints).clear()
            for spec, record in zip(tile.runs, records, strict=True):
                rows[spec.directory.name] = result_row(entries[spec.directory.name], record)
    except (StoppedError, SignalReceived) as error:  # before the first run, or twice: no results yet
        group.finish("interrupted", str(error))
        raise interruption.error(advice) from error
    stopped = any(isinstance(error, StoppedError) for error in failures.values())
    status: Status = "interrupted" if stopped else "failed" if failures else "completed"
    first = next(iter(failures.values()), None)
    ordered = [rows[name] for name in by_name]
    group.finish(
        status,
        None if first is None else str(first),
        results=ordered,
        summary=conclude(group.path, config, ordered),
        timing={"total": round(time.perf_counter() - began, 6), "workers": workers},
    )
    if stopped:
        raise interruption.error(advice)
    if first is not None and len(failures) == len(specs):
        raise first
    if failures:
        names = ", ".join(list(failures)[:5]) + (", …" if len(failures) > 5 else "")
        raise MembersFailedError(
            f"{len(failures)} of {len(specs)} runs failed ({names}): {first}\n"
            f"the others are complete; after mending the cause: gdrun resume {group.path}"
        )


def _outcomes(
    tiles: Sequence[Tile], workers: int, tell: Tell, interruption: Interruption
) -> Iterator[tuple[Tile, Outcome]]:
    """Every tile's outcome. A tile whose workers died is taken apart, so that only the run at fault fails."""
    for tile, result in zip(
        tiles, carry_out(run_tile, tiles, workers=workers, tell=tell, interruption=interruption), strict=True
    ):
        if isinstance(result, WorkerDiedError) and len(tile.runs) > 1:
            yield from _outcomes(_apart(tile), workers, tell, interruption)
        else:
            yield tile, result


def _apart(tile: Tile) -> list[Tile]:
    """A tile a run."""
    return [
        replace(
            tile,
            runs=(spec,),
            checkpoints=tile.checkpoints.with_name(f"{tile.checkpoints.name}-{spec.directory.name}"),
        )
        for spec in tile.runs
    ]


def _member_specs(group: GroupDirectory, config: Config, interruption: Interruption) -> list[RunSpec]:
    """The specs of a group's runs, in the order of its plan; directories that are missing are made.

    Args:
        group: whose plan has an entry a run: `run`, its name, and the config keys in which it differs.
        config: of the group.
        interruption: may end it early.

    Raises:
        StoppedError: interrupted.
    """
    specs = []
    for entry in group.record["plan"]:
        interruption.check()
        changes = {key: value for key, value in entry.items() if key != "run"}
        member = from_plain(to_plain(config), changes).config
        path = group.path / MEMBERS / entry["run"]
        if not (path / RUN_RECORD).is_file():
            plugins = group.record.get("plugins", [])
            fold = None if member.split.fold is None else member.split.fold.number
            group.member(
                entry["run"], config=dump_yaml(member), seed=member.seed, fold=fold, plugins=plugins
            ).release()
        specs.append(RunSpec(path, to_plain(member)))
    return specs


def _note_failure(path: Path, error: Exception) -> None:
    """Say in run.json why a run ended, unless it says so already or the system refuses."""
    status: Status = "interrupted" if isinstance(error, StoppedError) else "failed"
    with contextlib.suppress(GdrunError):
        run = RunDirectory.open(path, lock=False)
        if run.record["status"] == "running":
            run.finish(status, str(error))
