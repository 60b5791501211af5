"""What a comparison trains as its runs end: for each contestant further trials, then its evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gdrun.config import AnyConfig
from gdrun.config.comparison import Contestant
from gdrun.experiments.command import Batch, Entry, Row
from gdrun.experiments.comparison.problems import (
    EVALUATION,
    TUNING,
    Problems,
    by_key,
    compare_of,
    contestants_of,
    entries_of,
    key_of,
    member_config,
    monitor_of,
    problems_of,
)
from gdrun.experiments.comparison.tuning import any_failed, best_trial, further_settings, trials_of
from gdrun.experiments.planning import lay_out, names_of


def next_runs(config: AnyConfig, record: Mapping[str, Any], rows: Sequence[Row]) -> Batch:
    """Of contestants all of whose trials have ended: further ones beyond an edge, or the evaluation."""
    problems = problems_of(record, config)
    plan: list[Entry] = record["plan"]
    planned, ended = by_key(plan), by_key(rows)
    added: list[Entry] = []
    for name, problem in problems.items():
        for contestant in contestants_of(problem):
            tuning = ended[name, contestant.name, TUNING]
            still_going = len(tuning) < len(planned[name, contestant.name, TUNING])
            if not still_going and not planned[name, contestant.name, EVALUATION]:
                added += _next_of(problems, name, contestant, tuning)
    if not added:
        return Batch()
    members = [member_config(problems, entry) for entry in added]
    stacks = lay_out(members, names_of(added), record["workers"]).stacks
    return Batch(_in_order([*plan, *added], problems), stacks)


def _next_of(problems: Problems, name: str, contestant: Contestant, tuning: Sequence[Row]) -> Iterator[Entry]:
    """What a contestant does next on a problem, after these trials.

    If one of them failed, it has to wait: what is chosen for it must not depend on a fault.
    """
    if any_failed(tuning):
        return
    problem = problems[name]
    _, higher = monitor_of(problem)
    trials = trials_of(tuning, higher)
    further = further_settings(contestant, compare_of(problem), trials, higher, problem.seed)
    best = best_trial(trials, higher)
    if further:
        yield from entries_of(problems, name, contestant, enumerate(further, len(trials)), TUNING)
    elif best is not None:
        yield from entries_of(problems, name, contestant, [(best.number, best.settings)], EVALUATION)


def _in_order(plan: Sequence[Entry], problems: Problems) -> list[Entry]:
    """Tuning before evaluation, in both by problem, contestant, trial and seed: whoever came to it first."""
    pairs = [(name, one.name) for name, problem in problems.items() for one in contestants_of(problem)]
    place = {pair: number for number, pair in enumerate(pairs)}
    phase = {TUNING: 0, EVALUATION: 1}

    def order(entry: Entry) -> tuple[int, int, int, int]:
        name, contestant, own_phase = key_of(entry)
        return phase[own_phase], place[name, contestant], entry["trial"], entry["seed"]

    return sorted(plan, key=order)
