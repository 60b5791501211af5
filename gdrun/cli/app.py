"""All commands, in the order in which `gdrun --help` shows them."""

from __future__ import annotations

from typing import Annotated

import typer

from gdrun.cli import evaluate, explain, init, predict, report, resume, runs, schema, train, validate
from gdrun.cli.list import list_components
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
app.add_typer(runs.runs, name="runs")
app.command("validate")(validate.validate)
app.command("list")(list_components)
app.command("explain")(explain.explain)
app.command("schema")(schema.schema)
app.command("init")(init.init)


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
