"""`gdrun sweep`."""

from __future__ import annotations

from typing import Annotated

import typer

from gdrun.cli import options as given
from gdrun.cli.early import start_workers


def sweep(
    config: given.ConfigFile,
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=V1,V2,… [KEY=…]",
            help="Keys of the config and the values that each takes, as batch_size=16,64; a key with one "
            "value has it at every point.",
            show_default=False,
        ),
    ],
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", metavar="N", help="Train every point with so many seeds.", show_default="1"),
    ] = None,
    random: Annotated[
        int | None,
        typer.Option(
            "--random",
            metavar="N",
            help="Draw so many points instead of trying all; log(a,b) and linear(a,b) are then ranges.",
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
    """Train a config at every point of a grid, or at points drawn at random, and say which is best.

    A config with an objective is minimized there.

    "log(a,b,n)" and "linear(a,b,n)" stand for n numbers from a to b, "range(a,b)"
    for the whole numbers from a to below b; the quotes are for the shell.

    [bold]gdrun sweep configs/digits-mlp.yaml "optimizer.learning_rate=log(1e-4,1e-1,7)" batch_size=16,64[/]
    """
    start_workers(workers, engine=engine, only_shown=dry_run or print_config)
    from gdrun.cli.common import carry_out_or_show, number_of_workers, read_config
    from gdrun.engines.choice import chosen_cluster, workers_on
    from gdrun.experiments.sweep.plan import plan_sweep
    from gdrun.experiments.sweep.space import space_of
    from gdrun.report.console.screen import Screen

    screen = Screen(quiet=quiet, json=json)
    cluster = chosen_cluster(engine, scheduler)
    source, changes = read_config(config, values, name, plugin)
    plan = plan_sweep(
        space_of(source, changes, smoke=smoke),
        seeds=seeds,
        random=random,
        workers=workers_on(cluster, number_of_workers(workers)),
    )
    carry_out_or_show(
        screen,
        plan,
        runs_dir=runs_dir,
        plugins=plugin,
        cluster=cluster,
        dry_run=dry_run,
        print_config=print_config,
    )
