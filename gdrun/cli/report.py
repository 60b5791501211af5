"""`gdrun report`."""

from __future__ import annotations

from gdrun.cli import options as given


def report(
    run: given.RunName,
    runs_dir: given.RunsDir = given.RUNS,
    plugin: given.Plugin = None,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Write report.html again, from the run directory alone.

    [bold]gdrun report latest[/]
    """
    from gdrun.config.plugins import load_plugin
    from gdrun.report.console.screen import Screen
    from gdrun.report.html import write_report
    from gdrun.run_directory.listing import resolve
    from gdrun.text import printable

    screen = Screen(quiet=quiet, json=json)
    for file in plugin or ():
        load_plugin(file)
    path = write_report(resolve(run, runs_dir))
    if json:
        screen.document({"report": str(path)})
    screen.show_line(printable(path, one_line=True))
