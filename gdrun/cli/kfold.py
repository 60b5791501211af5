"""`gdrun kfold`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from gdrun.cli import options as given
from gdrun.cli.early import start_workers

Strategy = Literal["auto", "plain", "stratified", "group", "time-series"]


def kfold(
    config: given.ConfigFile,
    overrides: given.Overrides = None,
    folds: Annotated[int, typer.Option("--folds", metavar="K", help="How many folds.")] = 5,
    repeats: Annotated[
        int, typer.Option("--repeats", metavar="R", help="How often the folds are drawn anew.")
    ] = 1,
    strategy: Annotated[
        Strategy, typer.Option("--strategy", help="How rows are dealt to the folds; auto looks at the data.")
    ] = "auto",
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
    """Cross-validate a config: every row is tested once a repetition, all folds train as one stack.

    [bold]gdrun kfold configs/digits-mlp.yaml --folds 10[/]
    """
    start_workers(workers, engine=engine, only_shown=dry_run or print_config)
    from gdrun.cli.common import carry_out_or_show, load_config, number_of_workers
    from gdrun.engines.choice import chosen_cluster, workers_on
    from gdrun.experiments.kfold import plan_kfold
    from gdrun.report.console.screen import Screen

    screen = Screen(quiet=quiet, json=json)
    cluster = chosen_cluster(engine, scheduler)
    loaded = load_config(config, overrides, name, plugin, screen, smoke=smoke)
    plan = plan_kfold(loaded, folds, repeats, strategy, workers_on(cluster, number_of_workers(workers)))
    carry_out_or_show(
        screen,
        plan,
        runs_dir=runs_dir,
        plugins=plugin,
        cluster=cluster,
        dry_run=dry_run,
        print_config=print_config,
    )
