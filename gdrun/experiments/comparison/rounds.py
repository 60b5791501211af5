"""What a comparison trains after the runs so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gdrun.config import AnyConfig
from gdrun.experiments.command import Batch, Row
from gdrun.experiments.comparison.measures import measure
from gdrun.experiments.comparison.problems import (
    EVALUATION,
    TUNING,
    compare_of,
    contestants_of,
    entries_of,
    member_config,
    monitor_of,
    problems_of,
    rows_of,
)
from gdrun.experiments.comparison.tuning import any_failed, best_trial, further_settings, trials_of
from gdrun.experiments.planning import lay_out, names_of


def next_runs(path: Path, config: AnyConfig, record: Mapping[str, Any], rows: Sequence[Row]) -> Batch:
    """What lies beyond an edge; once there is no such thing, the best settings on fresh seeds.

    A contestant one of whose trials failed has to wait: what is chosen for it must not depend on a fault.
    """
    problems = problems_of(record, config)
    measure(path, config, record, rows)
    planned = {row["run"] for row in rows}
    added: list[dict[str, Any]] = []
    evaluation: list[dict[str, Any]] = []
    for name, problem in problems.items():
        _, higher = monitor_of(problem)
        for contestant in contestants_of(problem):
            tuning = rows_of(rows, name, contestant.name, TUNING)
            if any_failed(tuning):
                continue
            trials = trials_of(tuning, higher)
            further = further_settings(contestant, compare_of(problem), trials, higher, problem.seed)
            added += entries_of(problems, name, contestant, enumerate(further, len(trials)), TUNING)
            best = best_trial(trials, higher)
            if best is not None:
                chosen = [(best.number, best.settings)]
                evaluation += entries_of(problems, name, contestant, chosen, EVALUATION)
    entries = [entry for entry in added or evaluation if entry["run"] not in planned]
    if not entries:
        return Batch()
    members = [member_config(problems, entry) for entry in entries]
    return Batch(entries, lay_out(members, names_of(entries), record["workers"]).stacks)
