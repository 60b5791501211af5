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
            help="A component (adam, or schedule/linear for one of several that are called so), a kind of "
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
    from gdrun.config.lookup import configured, find, find_all
    from gdrun.config.plugins import load_all_plugins
    from gdrun.errors import ConfigError
    from gdrun.report.console.explain import explanation_document, show_explanation
    from gdrun.report.console.screen import Screen

    screen = Screen(json=json)
    load_all_plugins(plugin or ())
    meanings = (find(name),) if settings else find_all(name)  # options are those of one component
    entry = meanings[0].entry
    if settings and not entry:
        raise ConfigError(f"{name} is no component and has no options to set; say only: gdrun explain {name}")
    component = configured(entry, settings) if entry and settings else None
    if json:
        documents = [explanation_document(found) for found in meanings]
        screen.document(documents[0] if len(documents) == 1 else {"name": name, "meanings": documents})
        return
    for number, found in enumerate(meanings):
        if number:
            screen.show()
        show_explanation(screen, found, component)
