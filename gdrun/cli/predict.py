"""`gdrun predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gdrun.cli import options as given


def predict(
    run: given.RunName,
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="A CSV or NPZ file with the columns trained on.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a CSV file there, instead of to stdout."),
    ] = None,
    runs_dir: given.RunsDir = given.RUNS,
    plugin: given.Plugin = None,
    quiet: given.Quiet = False,
    json: given.Json = False,
    debug: given.Debug = False,
) -> None:
    """Predict the rows of a file with a finished run.

    [bold]gdrun predict latest new.csv -o predictions.csv[/]
    """
    import numpy as np

    from gdrun.cli.common import trained_run
    from gdrun.data import read_features
    from gdrun.experiments.trained import predictions_document, predictions_table
    from gdrun.report.console.screen import Screen
    from gdrun.run_directory.files import write_atomically

    screen = Screen(quiet=quiet, json=json)
    trained = trained_run(run, runs_dir, plugin)
    rows = read_features(data, trained.preprocessor)
    for notice in trained.preprocessor.notices(rows, np.arange(rows.rows)):
        screen.notice(notice)
    found = trained.predict(rows)
    if output is not None:
        write_atomically(output, predictions_table(found))
        screen.notice(f"{rows.rows:,} predictions in {output}")
    if json:
        screen.document({"run": str(trained.run.path), "data": str(data), **predictions_document(found)})
    elif output is None:
        screen.print_text(predictions_table(found).decode())
