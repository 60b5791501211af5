"""`gdrun resume`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gdrun.cli import options as given

if TYPE_CHECKING:
    from gdrun.engines.interruption import Interruption
    from gdrun.experiments.means import Tell


def resume(
    run: given.RunName,
    runs_dir: given.RunsDir = given.RUNS,
    workers: given.Workers = None,
    engine: given.Engine = "local",
    scheduler: given.Scheduler = None,
    plugin: given.Plugin = None,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Go on with an interrupted run or group, to the same bits.

    [bold]gdrun resume latest[/]
    """
    from gdrun.cli.common import carry_through, check_finite, number_of_workers
    from gdrun.engines.choice import chosen_cluster, workers_on
    from gdrun.experiments.resume import resume as go_on
    from gdrun.report.console.screen import Screen
    from gdrun.run_directory.listing import resolve
    from gdrun.run_directory.store import Group, load

    screen = Screen(quiet=quiet, json=json)
    cluster = chosen_cluster(engine, scheduler)
    count_on = workers_on(cluster, number_of_workers(workers))
    path = resolve(run, runs_dir)
    saved = load(path)
    count = len(saved.plan) if isinstance(saved, Group) else 1

    went_on = False

    def work(tell: Tell, interruption: Interruption) -> Path:
        nonlocal went_on
        went_on = go_on(
            path,
            tell=tell,
            interruption=interruption,
            workers=count_on,
            plugins=plugin or (),
            cluster=cluster,
        )
        if not went_on:
            screen.notice(f"{path} has ended already: there is nothing to go on with")
        return path

    unit = "epoch" if "epochs" in saved.config else "step"
    record = carry_through(screen, runs=count, rounds=saved.config[f"{unit}s"], work=work, unit=unit)
    if went_on:
        check_finite(record)
