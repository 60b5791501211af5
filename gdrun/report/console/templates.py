"""Starter configs: which there are, and what to do with one that was written."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from rich.text import Text

from gdrun.config.load import read_source
from gdrun.config.templates import template, template_names
from gdrun.report.console.layout import show_definitions
from gdrun.report.console.screen import Screen


def templates_document() -> dict[str, Any]:
    """The templates: `name`, `summary`."""
    return {"templates": [{"name": name, "summary": _summary(name)} for name in template_names()]}


def show_templates(screen: Screen) -> None:
    """A line a template."""
    show_definitions(
        screen, ((Text(name, "name"), Text(_summary(name))) for name in template_names()), indent=0
    )
    command = f"gdrun init config.yaml --template {template_names()[0]}"
    screen.show(Text.assemble(("\nnext  ", "faint"), (command, "command")))


def show_written(screen: Screen, path: Path, name: str) -> None:
    """Say what was written and what to do next."""
    screen.show(Text.assemble(("wrote  ", "faint"), str(path), (f"  from the template {name}", "faint")))
    path_word = shlex.quote(str(path))
    for path_missing in _missing_data(path):
        screen.show(Text.assemble(("edit   ", "faint"), f"dataset.path: there is no {path_missing} yet"))
    command, check = ("minimize", "") if read_source(path).is_objective else ("train", " --data")
    screen.show(Text.assemble(("next   ", "faint"), (f"gdrun {command} {path_word}", "command")))
    screen.show(
        Text.assemble("       ", (f"gdrun validate {path_word}{check}", "command"), "  checks it first")
    )


def _summary(name: str) -> str:
    """The first comment of a template."""
    first = template(name).partition("\n")[0]
    return first.lstrip("# ")


def _missing_data(path: Path) -> list[str]:
    """The data file that a config names, if it isn't there."""
    dataset = getattr(read_source(path).load_any().config, "dataset", None)
    data = getattr(dataset, "path", None)
    return [] if data is None or Path(data).exists() else [Path(data).name]
