"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

_RUNNING = "Running"
_OUTPUT = "Output"

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML file.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE …]",
        help="Changes of the config, as optimizer.learning_rate=1e-2.",
        show_default=False,
    ),
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run directory, its name, the start of it, or latest.")
]
RunsDir = Annotated[
    Path,
    typer.Option("--runs-dir", metavar="DIR", help="Where run directories are.", rich_help_panel=_RUNNING),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--name", help="Of the run, instead of the config's.", show_default=False, rich_help_panel=_RUNNING
    ),
]
Workers = Annotated[
    str | None,
    typer.Option(
        "--workers",
        metavar="N|auto",
        help="Processes that share the runs; the result is the same.",
        show_default=False,
        rich_help_panel=_RUNNING,
    ),
]
Engine = Annotated[
    Literal["local", "dask"],
    typer.Option(
        "--engine",
        help="Where runs are trained: processes of this machine, or a Dask cluster.",
        rich_help_panel=_RUNNING,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Of a running Dask cluster; without it one of this machine's cores is started.",
        show_default=False,
        rich_help_panel=_RUNNING,
    ),
]
Plugin = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        metavar="FILE",
        help="A Python file with components of your own; can be given several times.",
        show_default=False,
        rich_help_panel=_RUNNING,
    ),
]
Smoke = Annotated[
    bool,
    typer.Option(
        "--smoke", help="The same, cut to 2 epochs and 512 training rows: for CI.", rich_help_panel=_RUNNING
    ),
]
SmokeSteps = Annotated[
    bool, typer.Option("--smoke", help="The same, cut to 20 steps: for CI.", rich_help_panel=_RUNNING)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done; write nothing.", rich_help_panel=_OUTPUT)
]
PrintConfig = Annotated[
    bool,
    typer.Option("--print-config", help="Print the complete config; do nothing.", rich_help_panel=_OUTPUT),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, no notices.", rich_help_panel=_OUTPUT)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.", rich_help_panel=_OUTPUT)]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.", rich_help_panel=_OUTPUT)]

RUNS = Path("runs")
