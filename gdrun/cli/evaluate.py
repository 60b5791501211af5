"""`gdrun evaluate`."""

from __future__ import annotations

from gdrun.cli import options as given


def evaluate(
    run: given.RunName,
    overrides: given.Overrides = None,
    runs_dir: given.RunsDir = given.RUNS,
    plugin: given.Plugin = None,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Loss and metrics of a finished run's weights, on its own data or on other data.

    [bold]gdrun evaluate latest 'metrics=[accuracy, f1]'[/]
    [bold]gdrun evaluate latest dataset.path=new.csv[/]
    """
    from gdrun.cli.common import trained_run
    from gdrun.report.console.screen import Screen
    from gdrun.report.console.tables import values_table

    screen = Screen(quiet=quiet, json=json)
    trained = trained_run(run, runs_dir, plugin)
    values, notices = trained.evaluate(overrides or ())
    for notice in notices:
        screen.notice(notice)
    if json:
        screen.document({"run": str(trained.run.path), "values": values})
    screen.show(values_table(values))
