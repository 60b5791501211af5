"""`gdrun list`."""

from __future__ import annotations

from typing import Annotated

import typer

from gdrun.cli import options as given


def list_components(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]", help="optimizer, schedule, loss, … or config for its keys.", show_default=False
        ),
    ] = None,
    plugin: given.Plugin = None,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """What can be named in a config, with a line on each.

    [bold]gdrun list schedule[/]
    """
    from gdrun.config.lookup import find_family
    from gdrun.config.plugins import load_all_plugins
    from gdrun.report.console.components import ALL, components_document, show_components
    from gdrun.report.console.screen import Screen

    screen = Screen(json=json)
    load_all_plugins(plugin or ())
    kinds = ALL if kind is None else [find_family(kind)]
    if json:
        screen.document(components_document(kinds))
    else:
        show_components(screen, kinds)
