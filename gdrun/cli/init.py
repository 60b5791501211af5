"""`gdrun init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gdrun.cli import options as given

_FILE = Path("config.yaml")


def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The config to write.")] = _FILE,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="NAME", help="What to start from; --list shows all."),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show the templates; write nothing.")] = False,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Write a commented starter config.

    [bold]gdrun init mine.yaml --template regression[/]
    """
    from gdrun.config.templates import DEFAULT_TEMPLATE
    from gdrun.config.templates import template as text_of
    from gdrun.report.console.screen import Screen
    from gdrun.report.console.templates import show_templates, show_written, templates_document

    screen = Screen(quiet=quiet, json=json)
    if show_list:
        if json:
            screen.document(templates_document())
        show_templates(screen)
        return
    name = template or DEFAULT_TEMPLATE
    _write_new(file, text_of(name))
    if json:
        screen.document({"path": str(file), "template": name})
    show_written(screen, file, name)


def _write_new(path: Path, text: str) -> None:
    """Write a file that isn't there yet, and the folders above it.

    Raises:
        ExistsError: something of that name is there.
        SystemRefusedError: the system said no.
    """
    from gdrun.errors import ExistsError, SystemRefusedError
    from gdrun.run_directory.files import make_directories, write_new

    try:
        if path.parent.is_file():
            raise ExistsError(f"{path.parent} is a file, so {path.name} can't be in it; name another folder")
        make_directories(path.parent)
        write_new(path, text.encode())
    except FileExistsError:
        there = "is a folder; name a file in it" if path.is_dir() else "exists already; name another file"
        raise ExistsError(f"{path} {there}") from None
    except OSError as error:
        raise SystemRefusedError(f"{path} cannot be written: {error.strerror or error}") from error
