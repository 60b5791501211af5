"""Writes report.html into a run or group directory, from what is in that directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gdrun.report.html.compare_page import COMPARISON, compare_page
from gdrun.report.html.directory import read_group, read_members, read_run
from gdrun.report.html.group_page import group_page
from gdrun.report.html.large_groups import MOST_REPORTS
from gdrun.report.html.page import render
from gdrun.report.html.run_page import run_page
from gdrun.report.html.source import ReportGroup, ReportRun
from gdrun.report.html.sweep_page import SWEEP, best_runs, sweep_page
from gdrun.run_directory.files import write_atomically
from gdrun.run_directory.store import Run, load

PAGES: Mapping[str, tuple[str, Callable[[ReportGroup], Mapping[str, Any]]]] = {  # of groups of a command
    COMPARISON: ("compare.html.jinja", compare_page),
    SWEEP: ("sweep.html.jinja", sweep_page),
}  # they have hundreds of members, without reports of their own


def report_text(source: ReportRun | ReportGroup) -> str:
    """The page on a run or a group."""
    if isinstance(source, ReportRun):
        return render("run.html.jinja", run_page(source))
    template, page = PAGES.get(str(source.record.get("command")), ("group.html.jinja", group_page))
    return render(template, page(source))


def write_report(path: Path | str, *, members: bool = True) -> Path:
    """Writes (or rewrites) the report of a run or a group; returns its path.

    Args:
        path: the directory of the run or group.
        members: whether every run of a group gets its own report, too: half a megabyte each. Those of
            a comparison, a sweep or a group of more than `MOST_REPORTS` never do;
            `gdrun report GROUP/NAME` writes one.

    Raises:
        ConfigError: it isn't the directory of a run or a group.
        WeightsError: its run.json or group.json is damaged.
        SystemRefusedError: the report can't be written.
    """
    saved = load(path)
    if isinstance(saved, Run):
        text = report_text(read_run(saved))
    else:
        command = str(saved.record.get("command"))
        if members and command not in PAGES and len(saved.plan) <= MOST_REPORTS:
            for run in saved.members.values():
                write_atomically(run.report, report_text(read_run(run)).encode("utf-8"))
        source = read_group(saved, members=command not in PAGES)
        if command == SWEEP:
            source = replace(source, members=read_members(saved, best_runs(source), []))
        text = report_text(source)
    write_atomically(saved.report, text.encode("utf-8"))
    return saved.report
