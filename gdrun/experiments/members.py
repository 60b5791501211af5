"""The directories of a group's runs: made where the runs are trained, opened where they are looked at."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdrun.config import AnyConfig, dump_yaml, with_changes
from gdrun.config.load import plain_source
from gdrun.errors import GdrunError, StoppedError
from gdrun.experiments.spec import RunSpec
from gdrun.run_directory.directory import FINAL, Status, read_record
from gdrun.run_directory.run import RECORD, RunDirectory


def has_begun(spec: RunSpec) -> bool:
    """Whether the run has a directory with a run.json."""
    return (spec.directory / RECORD).is_file()


def open_members(
    specs: Sequence[RunSpec], configs: Sequence[AnyConfig], plugins: Sequence[Path]
) -> list[RunDirectory]:
    """The directories of runs of one group, open for writing.

    Those of runs that haven't begun are made; see `RunDirectory.members` for what is in them.

    Args:
        specs: of the runs.
        configs: the same as in the specs, as objects.
        plugins: files that they are trained with.

    Raises:
        ConfigError, ExistsError, SystemRefusedError: see `RunDirectory.member`.
    """
    files = [str(path.absolute()) for path in plugins]
    beginnings = {
        spec.name: {
            "config": dump_yaml(config),
            "command": spec.command,
            "seed": spec.config["seed"],
            "fold": spec.fold,
            "plugins": files,
        }
        for spec, config in zip(specs, configs, strict=True)
        if not has_begun(spec)
    }
    made = RunDirectory.members(specs[0].directory.parent.parent, beginnings) if beginnings else []
    new = dict(zip(beginnings, made, strict=True))
    return [new.get(spec.name) or RunDirectory.open(spec.directory, lock=False) for spec in specs]


def configs_of(specs: Sequence[RunSpec]) -> list[AnyConfig]:
    """The configs of runs that differ in little: what is the same as in the first is made once."""
    first = specs[0].config
    whole = plain_source(first).load_any().config
    differing = [{key: value for key, value in spec.config.items() if value != first[key]} for spec in specs]
    return [with_changes(whole, changes) for changes in differing]


def note_failure(spec: RunSpec, error: Exception, plugins: Sequence[Path] = ()) -> None:
    """Say in run.json why a run ended, unless it says so already or the system refuses.

    A run that was stopped before it began leaves no directory.
    """
    status: Status = "interrupted" if isinstance(error, StoppedError) else "failed"
    with contextlib.suppress(GdrunError):
        if has_begun(spec):
            run = RunDirectory.open(spec.directory, lock=False)
        elif status == "failed":
            (run,) = open_members([spec], configs_of([spec]), plugins)
        else:
            return
        if run.record["status"] == "running":
            run.finish(status, str(error))


def records_if_ended(specs: Sequence[RunSpec]) -> list[dict[str, Any]] | None:
    """The run.json of every run, if all of them have ended for good; else None."""
    records = []
    for spec in specs:
        if not has_begun(spec):
            return None
        record = read_record(spec.directory / RECORD)
        if record["status"] not in FINAL:
            return None
        records.append(record)
    return records


def record_of(spec: RunSpec) -> dict[str, Any]:
    """The run.json of a run, or what it would say of one that never began."""
    if has_begun(spec):
        return read_record(spec.directory / RECORD)
    return {
        "command": spec.command,
        "status": "interrupted",
        "seed": spec.config["seed"],
        "fold": spec.fold,
        "result": None,
        "timing": None,
    }
