"""`gdrun train`."""

from __future__ import annotations

from typing import Annotated

import typer

from gdrun.cli import options as given
from gdrun.cli.early import start_workers


def train(
    config: given.ConfigFile,
    overrides: given.Overrides = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds",
            metavar="N",
            help="Train this many seeds as one stack, from the config's on; report mean and spread.",
            show_default=False,
        ),
    ] = None,
    runs_dir: given.RunsDir = given.RUNS,
    name: given.Name = None,
    workers: given.Workers = None,
    engine: given.Engine = "local",
    scheduler: given.Scheduler = None,
    plugin: given.Plugin = None,
    smoke: given.Smoke = False,
    dry_run: given.DryRun = False,
    print_config: given.PrintConfig = False,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Train the network of a config, and leave a run directory.

    [bold]gdrun train configs/digits-mlp.yaml optimizer.learning_rate=1e-2 --seeds 10[/]
    """
    if seeds is not None:
        start_workers(workers, engine=engine, only_shown=dry_run or print_config)
    from gdrun.cli.common import carry_out_or_show, check_finite, load_config, number_of_workers
    from gdrun.engines.choice import chosen_cluster, workers_on
    from gdrun.experiments.train import plan_training
    from gdrun.report.console.screen import Screen

    screen = Screen(quiet=quiet, json=json)
    cluster = chosen_cluster(engine, scheduler)
    loaded = load_config(config, overrides, name, plugin, screen, smoke=smoke)
    plan = plan_training(loaded, seeds, workers_on(cluster, number_of_workers(workers)))
    record = carry_out_or_show(
        screen,
        plan,
        runs_dir=runs_dir,
        plugins=plugin,
        cluster=cluster,
        dry_run=dry_run,
        print_config=print_config,
    )
    if record is not None:
        check_finite(record)
