"""`gdrun minimize`."""

from __future__ import annotations

from gdrun.cli import options as given


def minimize(
    config: given.ConfigFile,
    overrides: given.Overrides = None,
    runs_dir: given.RunsDir = given.RUNS,
    name: given.Name = None,
    workers: given.Workers = None,
    engine: given.Engine = "local",
    scheduler: given.Scheduler = None,
    plugin: given.Plugin = None,
    smoke: given.SmokeSteps = False,
    dry_run: given.DryRun = False,
    print_config: given.PrintConfig = False,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Follow the gradient of a function of a few variables, and leave its trajectory.

    [bold]gdrun minimize configs/minimize-rosenbrock.yaml optimizer=lbfgs[/]
    """
    from gdrun.cli.common import carry_out_or_show, check_finite, noticed, number_of_workers, read_config
    from gdrun.engines.choice import chosen_cluster, workers_on
    from gdrun.experiments.minimize.plan import plan_minimizing
    from gdrun.experiments.minimize.work import smoke as cut_short
    from gdrun.report.console.screen import Screen

    screen = Screen(quiet=quiet, json=json)
    cluster = chosen_cluster(engine, scheduler)
    source, changes = read_config(config, overrides, name, plugin)
    loaded = noticed(screen, source.load_objective(changes))
    plan = plan_minimizing(
        cut_short(loaded) if smoke else loaded, workers_on(cluster, number_of_workers(workers))
    )
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
