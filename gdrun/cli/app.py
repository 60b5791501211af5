"""All commands, in the order in which `gdrun --help` shows them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Annotated

import typer

from gdrun.version import __version__

COMMANDS = {  # name → the function, or the group of further commands, in a module of this package
    "train": "train.train",
    "kfold": "kfold.kfold",
    "compare-optimizers": "compare_optimizers.compare_optimizers",
    "sweep": "sweep.sweep",
    "minimize": "minimize.minimize",
    "resume": "resume.resume",
    "evaluate": "evaluate.evaluate",
    "predict": "predict.predict",
    "report": "report.report",
    "runs": "runs.runs",
    "validate": "validate.validate",
    "list": "list.list_components",
    "explain": "explain.explain",
    "schema": "schema.schema",
    "init": "init.init",
}


def make_app(words: Sequence[str] = ()) -> typer.Typer:
    """The command line, with only the one command that the first word names, or else with all of them.

    Args:
        words: of the command line; making ten commands that nobody asked for takes longer than parsing one.
    """
    app = typer.Typer(
        name="gdrun",
        help="Gradient-descent experiments from a YAML config.",
        epilog="Start with: gdrun init config.yaml, then gdrun train config.yaml",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback()(gdrun)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        module, _, function = COMMANDS[name].rpartition(".")
        command = getattr(importlib.import_module(f"gdrun.cli.{module}"), function)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gdrun {__version__}")
        raise typer.Exit


def gdrun(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Gradient-descent experiments from a YAML config."""
