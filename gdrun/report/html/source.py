"""What a report is made from: plain data, with gaps wherever a run left some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

Columns = Mapping[str, Sequence[Any]]

COMPARISON, SWEEP, MINIMIZE = "compare-optimizers", "sweep", "minimize"  # commands with pages of their own


@dataclass(frozen=True)
class ReportRun:
    """One run.

    Args:
        name: the name of its directory.
        config_text: config.yaml as it stands.
        config: the same, parsed; empty where it can't be read.
        record: run.json.
        metrics: column → values of metrics.csv, or of a descent's trajectory.csv; None is an empty cell, NaN
            and infinities are kept.
        predictions: column → cells of predictions.csv; empty where there is none.
        learning: the arrays of learning.npz; empty where there is none.
        weights: those of weights.npz; only where they are shown.
        notes: what could not be read, one sentence each.
    """

    name: str
    config_text: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    metrics: Columns = field(default_factory=dict)
    predictions: Columns = field(default_factory=dict)
    learning: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportGroup:
    """A group of runs that differ in their seed or their fold.

    Args:
        name, config_text, config, notes: as for a run.
        record: group.json.
        results: column → cells of results.csv, a row a run.
        summary: summary.json.
        begun: how many members have begun.
        members: member directory → its run, in the order of the plan; of very many, some.
        reports: those members that have a report of their own.
        reasons: member → why it ended, of those that ended badly; of very many, the first.
        predictions: column → cells of the predictions.csv of a cross-validation; only where they are shown.
    """

    name: str
    config_text: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    results: Columns = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    begun: int = 0
    members: Mapping[str, ReportRun] = field(default_factory=dict)
    reports: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)
    predictions: Columns = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def section(record: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The mapping under a path of keys; empty where there is none, whatever else stands there."""
    value: Any = record
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
