"""`gdrun validate`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gdrun.cli import options as given

_CHANGE = re.compile(r"[A-Za-z_][\w.]*=")


def validate(
    configs: Annotated[
        list[str],
        typer.Argument(metavar="CONFIG … [KEY=VALUE …]", help="YAML files, and changes for all of them."),
    ],
    data: Annotated[
        bool, typer.Option("--data", help="Also read the data and build the network; train nothing.")
    ] = False,
    plugin: given.Plugin = None,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Check configs without running them: all that is wrong with all of them, at once.

    [bold]gdrun validate configs/*.yaml[/]
    """
    from gdrun.config.plugins import load_plugin
    from gdrun.errors import ConfigError
    from gdrun.experiments.validation import check
    from gdrun.report.console.screen import Screen
    from gdrun.report.console.validation import checks_document, failure, show_checks

    screen = Screen(quiet=quiet, json=json)
    files, changes = _parted(configs)
    if not files:
        raise ConfigError("no config is named; write gdrun validate CONFIG …")
    for file in plugin or ():
        load_plugin(file)
    checks = [check(path, changes, with_data=data) for path in files]
    if json:
        screen.document(checks_document(checks))
    show_checks(screen, checks, with_data=data)
    if error := failure(checks):
        raise error


def _parted(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """The files and the KEY=VALUE texts; a file of that name wins."""
    changes = [text for text in arguments if _CHANGE.match(text) and not Path(text).exists()]
    return [Path(text) for text in arguments if text not in changes], changes
