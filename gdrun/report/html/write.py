"""Writes report.html into a run or group directory, from what is in that directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gdrun.errors import WeightsError
from gdrun.report.html.directory import read_group, read_members, read_run
from gdrun.report.html.large_groups import MOST_REPORTS
from gdrun.report.html.page import compile_template, render
from gdrun.report.html.source import COMPARISON, MINIMIZE, SWEEP, ReportGroup, ReportRun
from gdrun.report.lazily import function
from gdrun.run_directory.files import write_atomically
from gdrun.run_directory.group import SUMMARY
from gdrun.run_directory.store import Group, Run, load

PAGES: Mapping[str, tuple[str, str]] = {  # of groups of a command: template, and what fills it
    COMPARISON: ("compare.html.jinja", "html.compare_page.compare_page"),
    SWEEP: ("sweep.html.jinja", "html.sweep_page.sweep_page"),
}  # they have hundreds of members, without reports of their own
DESCENTS = ("minimize.html.jinja", "html.minimize_page.minimize_group_page")
DESCENT = ("minimize.html.jinja", "html.minimize_page.minimize_page")
LOOKED_INTO: Mapping[str, str] = {  # of these, some members are read for their curves
    SWEEP: "html.sweep_page.best_runs",
    COMPARISON: "html.compare_page.first_evaluations",
}
GROUP = ("group.html.jinja", "html.group_page.group_page")
RUN = ("run.html.jinja", "html.run_page.run_page")


def report_text(source: ReportRun | ReportGroup) -> str:
    """The page on a run or a group."""
    command = str(source.record.get("command"))
    if isinstance(source, ReportRun):
        template, page = DESCENT if "objective" in source.config else RUN
    else:
        template, page = _page_of_groups(command)
    return render(template, function(page)(source))


def get_ready(command: str) -> None:
    """Import and compile what the report on a group of this command needs, ahead of time."""
    template, page = _page_of_groups(command)
    function(page)
    compile_template(template)


def _page_of_groups(command: str) -> tuple[str, str]:
    return DESCENTS if command == MINIMIZE else PAGES.get(command, GROUP)


def write_report(path: Path | str, *, members: bool = True) -> Path:
    """Writes (or rewrites) the report of a run or a group; returns its path.

    Args:
        path: the directory of the run or group.
        members: whether every run of a group gets its own report, too: half a megabyte each. Those of
            a comparison, a sweep or a group of more than `MOST_REPORTS` never do;
            `gdrun report GROUP/NAME` writes one.

    Raises:
        ConfigError: it isn't the directory of a run or a group.
        WeightsError: its run.json, group.json or summary.json is damaged.
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
        text = _group_text(saved, command)
    write_atomically(saved.report, text.encode("utf-8"))
    return saved.report


def _group_text(saved: Group, command: str) -> str:
    try:
        source = read_group(saved, members=command not in PAGES)
        if command in LOOKED_INTO:
            some = function(LOOKED_INTO[command])(source)
            source = replace(source, members=read_members(saved, some, []))
        return report_text(source)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if saved.digest_of(SUMMARY) is not None:  # as gdrun wrote it: the fault is gdrun's own
            raise
        raise WeightsError(
            f"{saved.path}: group.json or summary.json is damaged "
            f"({type(error).__name__} in what they hold); restore it or remove the run"
        ) from error
