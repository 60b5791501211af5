"""`gdrun schema`."""

from __future__ import annotations

from gdrun.cli import options as given


def schema(plugin: given.Plugin = None, json: given.Json = False, debug: given.Debug = False) -> None:
    """The JSON Schema of a config, for editors.

    [bold]gdrun schema > gdrun.schema.json[/]

    With the YAML language server, as VS Code has it, this line at the top of a config makes use of it:
    # yaml-language-server: $schema=gdrun.schema.json
    """
    from gdrun.config.plugins import load_all_plugins
    from gdrun.config.schema import json_schema
    from gdrun.report.console.screen import Screen

    load_all_plugins(plugin or ())
    Screen(json=True).document(json_schema())  # with --json or without
