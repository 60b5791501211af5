"""`gdrun runs`: what is under the runs directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gdrun.cli import options as given

runs = typer.Typer(
    help="Look at what runs have left: list, show, diff, remove.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@runs.command("list")
def list_runs(
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only those; can be given several times: completed, stopped, running, interrupted, "
            "diverged, failed, damaged.",
            show_default=False,
        ),
    ] = None,
    runs_dir: given.RunsDir = given.RUNS,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """All runs and groups, the newest first.

    [bold]gdrun runs list --status diverged[/]
    """
    from gdrun.report.console.run_list import check_statuses, list_document, show_list
    from gdrun.report.console.screen import Screen
    from gdrun.run_directory import listing

    screen = Screen(json=json)
    wanted = check_statuses(status or [])
    everything = listing.list_runs(runs_dir)[::-1]
    entries = [entry for entry in everything if not wanted or entry.status in wanted]
    if json:
        screen.document(list_document(runs_dir, entries))
    else:
        show_list(screen, runs_dir, entries, hidden=len(everything) - len(entries))


@runs.command()
def show(
    run: given.RunName,
    runs_dir: given.RunsDir = given.RUNS,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Result, timing, config and environment of a run; the members of a group.

    [bold]gdrun runs show latest[/]
    """
    from gdrun.report.console.run_details import details_document, show_details
    from gdrun.report.console.screen import Screen
    from gdrun.run_directory.listing import resolve
    from gdrun.run_directory.store import load

    screen = Screen(json=json)
    saved = load(resolve(run, runs_dir))
    if json:
        screen.document(details_document(saved))
    else:
        show_details(screen, saved)


@runs.command()
def diff(
    first: given.RunName,
    second: given.RunName,
    runs_dir: given.RunsDir = given.RUNS,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """What tells two runs apart: config, environment, results side by side.

    [bold]gdrun runs diff 20261122-061543 latest[/]
    """
    from gdrun.report.console.run_difference import difference_document, show_difference
    from gdrun.report.console.screen import Screen
    from gdrun.run_directory.difference import difference
    from gdrun.run_directory.listing import resolve
    from gdrun.run_directory.store import load

    screen = Screen(json=json)
    one, other = (load(resolve(name, runs_dir)) for name in (first, second))
    found = difference(one, other)
    if json:
        screen.document(difference_document(one, other, found))
    else:
        show_difference(screen, one, other, found)


@runs.command()
def remove(
    names: Annotated[
        list[str],
        typer.Argument(metavar="RUN …", help="Run directories, their names, the starts of these, or latest."),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    runs_dir: given.RunsDir = given.RUNS,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Remove runs and groups with everything in them, after asking.

    [bold]gdrun runs remove 20261122-061543[/]
    """
    from gdrun.errors import ConfigError
    from gdrun.report.console.run_list import show_removed, show_table
    from gdrun.report.console.screen import Screen
    from gdrun.run_directory import removal
    from gdrun.run_directory.listing import entry_of, resolve

    screen = Screen(quiet=quiet, json=json)
    paths = list(dict.fromkeys(resolve(name, runs_dir) for name in names))
    _check_removable(paths, runs_dir)
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError("there is no terminal to ask on; say --yes to remove without being asked")
        show_table(screen.notices, [entry_of(path) for path in paths])
        what = f"these {len(paths)}" if paths[1:] else "it"
        if not typer.confirm(f"Remove {what} with everything inside?", err=True):
            paths = []
            screen.tell("nothing was removed")
    removed = []
    for path in paths:
        removal.remove(path, runs_dir)
        removed.append(path.name)
        show_removed(screen, path)
    if json:
        screen.document({"runs_directory": str(runs_dir), "removed": removed})


def _check_removable(paths: list[Path], runs_dir: Path) -> None:
    """Refuse before anything is gone.

    Raises:
        ConfigError: one isn't directly inside the runs directory.
        LockedError: a process works on one.
    """
    from gdrun.errors import ConfigError, LockedError
    from gdrun.run_directory.lock import holder, is_held

    for path in paths:
        if path.parent.name == "members":
            group = path.parent.parent.name
            raise ConfigError(f"{path.name} is a member of {group}; only the whole group can be removed")
        if path.parent.resolve() != runs_dir.resolve():
            raise ConfigError(f"{path} is not inside {runs_dir}; say --runs-dir {path.parent}")
        if is_held(path):
            raise LockedError(f"{path} is in use by {holder(path)}; stop that first, or wait until it ends")
