"""`gdrun compare-optimizers`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gdrun.cli import options as given
from gdrun.cli.early import start_workers


def compare_optimizers(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="CONFIG … [KEY=VALUE …]",
            help="YAML files, each a problem; and changes of all of them, as epochs=20.",
            show_default=False,
        ),
    ],
    optimizers: Annotated[
        str | None,
        typer.Option(
            "--optimizers",
            metavar="NAME,…|all",
            help="Who takes part: names, or labels of the config's compare.optimizers.",
            show_default="sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds", metavar="N", help="Fresh seeds for the best setting of each.", show_default="10"
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option("--trials", metavar="N", help="Settings of each that tuning tries.", show_default="12"),
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
    """Tune each optimizer with the same budget, then compare their best settings on fresh, paired seeds.

    [bold]gdrun compare-optimizers configs/digits-mlp.yaml epochs=20 --optimizers sgd,momentum,adam[/]
    """
    start_workers(workers, engine=engine, only_shown=dry_run or print_config)
    from gdrun.cli.common import carry_out_or_show, load_any_config, number_of_workers
    from gdrun.engines.choice import chosen_cluster, workers_on
    from gdrun.errors import ConfigError
    from gdrun.experiments.comparison.plan import plan_comparison
    from gdrun.report.console.screen import Screen

    screen = Screen(quiet=quiet, json=json)
    cluster = chosen_cluster(engine, scheduler)
    files = [Path(word) for word in words if "=" not in word]
    overrides = [word for word in words if "=" in word]
    if not files:
        raise ConfigError("name a config file, such as configs/digits-mlp.yaml")
    if name is not None and len(files) > 1:
        raise ConfigError("--name: several configs have their own names")
    configs = [load_any_config(file, overrides, name, plugin, screen, smoke=smoke) for file in files]
    plan = plan_comparison(
        configs,
        optimizers=optimizers,
        seeds=seeds,
        trials=trials,
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
