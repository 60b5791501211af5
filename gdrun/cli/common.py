"""What commands that train have in common: loading, running with progress, showing what came of it."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdrun.config import AnyConfig, Config, dump_yaml
from gdrun.config.load import Kind, LoadedAs, Source, read_source
from gdrun.config.plugins import load_plugin
from gdrun.engines.cluster import Cluster
from gdrun.engines.interruption import Interruption
from gdrun.errors import ConfigError, DivergedError
from gdrun.experiments.build import smoke as cut_short
from gdrun.experiments.means import Tell
from gdrun.experiments.minimize.work import smoke as fewer_steps
from gdrun.experiments.plan import Plan, carry_out_plan
from gdrun.report.console.outcome import show_outcome
from gdrun.report.console.plan import plan_document, plan_table
from gdrun.report.console.progress import LiveProgress
from gdrun.report.console.screen import Screen

if TYPE_CHECKING:
    from gdrun.experiments.trained import TrainedRun


def load_config(
    path: Path,
    overrides: Sequence[str] | None,
    name: str | None,
    plugins: Sequence[Path] | None,
    screen: Screen,
    *,
    smoke: bool = False,
) -> Config:
    """The config of a command that trains, with its notices shown."""
    source, changes = read_config(path, overrides, name, plugins)
    loaded = noticed(screen, source.load(changes))
    return cut_short(loaded) if smoke else loaded


def load_any_config(
    path: Path,
    overrides: Sequence[str] | None,
    name: str | None,
    plugins: Sequence[Path] | None,
    screen: Screen,
    *,
    smoke: bool = False,
) -> AnyConfig:
    """The same for a command that takes configs with an objective, too."""
    source, changes = read_config(path, overrides, name, plugins)
    if source.is_objective:
        loaded = noticed(screen, source.load_objective(changes))
        return fewer_steps(loaded) if smoke else loaded
    return load_config(path, overrides, name, plugins, screen, smoke=smoke)


def noticed(screen: Screen, loaded: LoadedAs[Kind]) -> Kind:
    """A config that was loaded, with its notices shown."""
    for notice in loaded.notices:
        screen.notice(notice)
    return loaded.config


def read_config(
    path: Path, overrides: Sequence[str] | None, name: str | None, plugins: Sequence[Path] | None
) -> tuple[Source, list[str]]:
    """The values of a config file and the changes of them, with plugins loaded."""
    for plugin in plugins or ():
        load_plugin(plugin)
    changes = list(overrides or ())
    if name is not None:
        changes.append(f"name={json.dumps(name)}")
    return read_source(path), changes


def number_of_workers(text: str | None) -> int | str | None:
    """The value of `--workers`."""
    if text is None or text == "auto":
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ConfigError(f"--workers: {text!r} is neither a number from 1 on nor auto")


def trained_run(name: str, runs_directory: Path, plugins: Sequence[Path] | None) -> TrainedRun:
    """The run that a RUN argument means, ready for use."""
    from gdrun.experiments.trained import TrainedRun
    from gdrun.run_directory.listing import resolve

    return TrainedRun(resolve(name, runs_directory), plugins or ())


def carry_through(
    screen: Screen, *, runs: int, rounds: int, work: Callable[[Tell, Interruption], Path], unit: str = "epoch"
) -> dict[str, Any]:
    """Do the work under a progress line, then show what it left; returns its record.

    Args:
        screen: where to show it.
        runs: how many there are.
        rounds: epochs or steps of each.
        work: what is done.
        unit: what a round is called.

    Raises:
        StoppedError: it was interrupted; the message says how to go on.
    """
    interruption = Interruption()
    with interruption.listening():
        with LiveProgress(screen, runs, rounds, unit) as progress:
            path = work(progress.tell, interruption)
        from gdrun.report.html import write_report

        write_report(path)
    return show_outcome(screen, path)


def carry_out_or_show(
    screen: Screen,
    plan: Plan,
    *,
    runs_dir: Path,
    plugins: Sequence[Path] | None,
    cluster: Cluster | None,
    dry_run: bool,
    print_config: bool,
) -> dict[str, Any] | None:
    """Do what a plan says, and return the record of it; or only show the plan, or its config.

    Args:
        screen: where to show it.
        plan: of the command.
        runs_dir, plugins: as on the command line.
        cluster: where the runs are trained, if it isn't this machine's own processes.
        dry_run, print_config: only show the plan, or the config.
    """
    if print_config:
        screen.print_text(dump_yaml(plan.config))
        return None
    for notice in plan.notices:
        screen.notice(notice)
    if dry_run:
        if screen.json:
            screen.document(plan_document(plan))
        screen.show(plan_table(plan, with_cost=True))
        return None
    screen.tell(plan_table(plan))
    if plan.layout.workers > 1:
        threading.Thread(target=_get_ready_for_the_end, args=(plan.command.name,), daemon=True).start()
    return carry_through(
        screen,
        runs=plan.runs,
        rounds=max(kind.rounds for kind in plan.layout.kinds),
        unit=plan.unit,
        work=lambda tell, interruption: carry_out_plan(
            plan, runs_dir, tell=tell, interruption=interruption, plugins=plugins or [], cluster=cluster
        ),
    )


def _get_ready_for_the_end(command: str) -> None:
    """Done while other processes train and this one waits: it takes almost half a second."""
    importlib.import_module("scipy.special")
    from gdrun.report.html.write import get_ready

    get_ready(command)


def check_finite(record: Mapping[str, Any]) -> None:
    """Say by the exit code that a run diverged.

    Raises:
        DivergedError: it did.
    """
    if record["status"] == "diverged":
        raise DivergedError(f"diverged: {record['reason']}; try a smaller learning rate or gradient_clipping")
