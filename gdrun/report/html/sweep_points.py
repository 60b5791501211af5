"""The points of a sweep as its summary has them, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gdrun.report.html.source import ReportGroup, section
from gdrun.report.html.sweep_axes import in_words
from gdrun.report.html.words import as_float, as_int, count, figure
from gdrun.run_directory.directory import GOOD


@dataclass(frozen=True)
class Point:
    """One point.

    Attributes:
        number: of the point in its plan.
        settings: key → value.
        metrics: column → its description over the runs.
        score: the mean of the monitor; None where no run came to a good end.
        spread: its standard deviation over the runs; None for one run.
        runs: how many there are.
        lost: how those ended that came to no good end, in words; empty where all did.
        scores: the monitor of each run that came to a good end.
        is_best: whether it is the best one.
    """

    number: int
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    score: float | None
    spread: float | None
    runs: int
    lost: str
    scores: Sequence[float]
    is_best: bool

    @property
    def in_words(self) -> str:
        """ "batch_size 32, epochs 5"."""
        return ", ".join(f"{key} {in_words(value)}" for key, value in self.settings.items())

    @property
    def briefly(self) -> str:
        """The same, with keys by their last part where that is enough."""
        ends = [key.rpartition(".")[2] for key in self.settings]
        names = ends if len(set(ends)) == len(ends) else list(self.settings)
        return ", ".join(
            f"{name} {in_words(value)}" for name, value in zip(names, self.settings.values(), strict=True)
        )

    def said(self) -> list[str]:
        """What a chart tells of it, beside `labels_of` the keys."""
        spread = f" ± {figure(self.spread)}" if self.spread is not None else ""
        values = [in_words(value) for value in self.settings.values()]
        return [str(self.number), *values, f"{figure(self.score)}{spread}", self.lost]


def labels_of(keys: Sequence[str]) -> list[str]:
    """The labels of what is said of a point."""
    return ["point", *keys, "mean", ""]


def points_of(group: ReportGroup) -> list[Point]:
    """All points, the best first."""
    summary = group.summary
    monitor = str(summary.get("monitor"))
    keys = [str(key) for key in summary.get("keys") or ()]
    scores = _scores(group, monitor)
    found: dict[Any, Point] = {}
    for entry in summary.get("points") or ():
        settings, metrics = section(entry, "settings"), section(entry, "metrics")
        own = section(metrics, monitor)
        runs = as_int(entry.get("runs")) or 0
        bad = {status: number for status, number in section(entry, "statuses").items() if status not in GOOD}
        number = as_int(entry.get("point")) or 0
        found[entry.get("point")] = Point(
            number,
            {key: settings.get(key) for key in keys},
            metrics,
            as_float(own.get("mean")),
            as_float(own.get("std")),
            runs,
            ", ".join(f"{figure(n)} of {count(runs, 'run')} {status}" for status, n in bad.items()),
            scores.get(str(number), ()),
            entry.get("point") == summary.get("best"),
        )
    if not keys:  # whatever became of them
        return []
    order = [place for place in summary.get("ranking") or () if place in found]
    return [found[place] for place in order]


def _scores(group: ReportGroup, monitor: str) -> dict[str, list[float]]:
    """The monitor of every run with a good end, by its point."""
    results = group.results
    found: dict[str, list[float]] = {}
    columns = (results.get(name, ()) for name in ("point", "status", monitor))
    for point, status, cell in zip(*columns, strict=False):
        value = as_float(cell)
        if status in GOOD and value is not None:
            found.setdefault(str(point), []).append(value)
    return found
