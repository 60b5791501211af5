"""`gdrun explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from gdrun.cli import options as given


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A component (adam, or schedule/linear where the name alone isn't enough), a kind of "
            "component, a key of the config, or an option.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE …]", help="Options of the component, to see what they do.", show_default=False
        ),
    ] = None,
    plugin: given.Plugin = None,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Formula, options, conventions and reference of what can be named in a config.

    [bold]gdrun explain adam[/]
    [bold]gdrun explain step every_epochs=10 factor=0.5[/]
    """
    from gdrun.config.lookup import configured, find
    from gdrun.config.plugins import load_all_plugins
    from gdrun.errors import ConfigError
    from gdrun.report.console.explain import explanation_document, show_explanation
    from gdrun.report.console.screen import Screen

    screen = Screen(json=json)
    load_all_plugins(plugin or ())
    found = find(name)
    if settings and not found.entry:
        raise ConfigError(f"{name} is no component and has no options to set; say only: gdrun explain {name}")
    component = configured(found.entry, settings) if found.entry and settings else None
    if json:
        screen.document(explanation_document(found))
    else:
        show_explanation(screen, found, component)
