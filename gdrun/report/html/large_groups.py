"""What the page on a group leaves out where there are very many runs, and where to find it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gdrun.report.html.directory import MOST_MEMBERS, MOST_REASONS
from gdrun.report.html.source import ReportGroup
from gdrun.report.html.words import figure
from gdrun.run_directory.directory import GOOD

MOST_REPORTS = 20  # of members: one takes as long as to train a small run, and half a megabyte
MOST_DOTS = 60  # of one result, that are drawn: more would be piled higher than the chart
BINS = 30  # in place of dots
MOST_ROWS = 1000  # of results.csv, that are shown


def result_rows(group: ReportGroup) -> int:
    """How many rows results.csv has."""
    return len(next(iter(group.results.values()), ()))


def bins(values: NDArray[np.float64]) -> list[tuple[float, float, int]]:
    """(from, to, runs) of bins of equal width over the finite values."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return []
    counts, edges = np.histogram(finite, BINS)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True))


def sampled(group: ReportGroup, noun: str) -> str:
    """From which seeds or folds the curves are, where not from all."""
    if group.begun <= MOST_MEMBERS:
        return ""
    return (
        f"They are drawn from {figure(len(group.members))} of {figure(group.begun)} {noun}s, evenly spread."
    )


def left_out(group: ReportGroup, noun: str) -> list[tuple[str, str]]:
    """What the page on a large group doesn't have, and where it is: (sentence, command) each."""
    sentences = []
    rows = result_rows(group)
    if rows > MOST_ROWS:
        sentences.append((f"The first {figure(MOST_ROWS)} of {figure(rows)}; all are in results.csv.", ""))
    if len(group.record.get("plan") or ()) > MOST_REPORTS and group.members:
        first = next(iter(group.members))
        words = (
            f"Of more than {MOST_REPORTS} {noun}s, each has a report of its own only once it is asked for:"
        )
        sentences.append((words, f"gdrun report {group.name}/{first}"))
    return sentences


def ended_badly(group: ReportGroup) -> list[tuple[str, str, str]]:
    """(member, status, reason) of the runs that neither completed nor stopped by their own rule.

    Those of results.csv; before there is one, those among the members that were read.
    """
    rows = zip(group.results.get("run", ()), group.results.get("status", ()), strict=False)
    found = [(str(run), str(status), group.reasons.get(str(run), "")) for run, status in rows]
    if not group.results:
        records = {member: run.record for member, run in group.members.items()}
        found = [
            (member, str(record.get("status")), str(record.get("reason") or ""))
            for member, record in records.items()
        ]
    badly = [each for each in found if each[1] not in GOOD]
    more = len(badly) - MOST_REASONS
    return badly if more <= 0 else [*badly[:MOST_REASONS], (f"{figure(more)} more", "", "")]
