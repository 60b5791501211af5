"""All commands, in the order in which `gdrun --help` shows them."""

from __future__ import annotations

from typing import Annotated

import typer

from gdrun.cli import evaluate, predict, report, resume, train
from gdrun.version import __version__

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

app.command("train")(train.train)
app.command("resume")(resume.resume)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("report")(report.report)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gdrun {__version__}")
        raise typer.Exit


@app.callback()
def gdrun(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Gradient-descent experiments from a YAML config."""
