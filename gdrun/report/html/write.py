"""Writes report.html into a run or group directory, from what is in that directory."""

from __future__ import annotations

from pathlib import Path

from gdrun.report.html.directory import read
from gdrun.report.html.group_page import group_page
from gdrun.report.html.page import render
from gdrun.report.html.run_page import run_page
from gdrun.report.html.source import ReportGroup, ReportRun
from gdrun.run_directory.files import write_atomically

REPORT = "report.html"


def report_text(source: ReportRun | ReportGroup) -> str:
    """The page on a run or a group of seeds."""
    if isinstance(source, ReportGroup):
        return render("group.html.jinja", group_page(source))
    return render("run.html.jinja", run_page(source))


def write_report(path: Path | str) -> Path:
    """Writes (or rewrites) the report of a run or a group; returns its path.

    Args:
        path: the directory of the run or group.

    Raises:
        ConfigError: when it isn't the directory of a run or a group.
        SystemRefusedError: when the report can't be written.
    """
    directory = Path(path)
    text = report_text(read(directory))
    target = directory / REPORT
    write_atomically(target, text.encode("utf-8"))
    return target
