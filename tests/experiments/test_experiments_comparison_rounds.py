"""What a comparison trains next doesn't wait for the slowest, and doesn't depend on who came in first."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gdrun.config import load
from gdrun.experiments.command import Batch
from gdrun.experiments.comparison import rounds
from gdrun.experiments.comparison.measures import BEST
from gdrun.experiments.comparison.plan import plan_comparison
from gdrun.experiments.plan import Plan

CONFIGS = Path(__file__).parents[2] / "configs"
BEST_RATES = {"sgd": 1e3, "adam": 1e-3}  # the one for sgd lies beyond every edge


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Two contestants on two problems, four trials with three seeds each."""
    configs = [load(CONFIGS / "digits-mlp.yaml", ["epochs=1", f"name={name}"]).config for name in ("a", "b")]
    return plan_comparison(configs, optimizers="sgd,adam", trials=4, seeds=5, workers=2)


def row_of(entry: Mapping[str, Any], status: str = "completed") -> dict[str, Any]:
    """Of a run that has ended."""
    distance = math.log10(entry["optimizer.learning_rate"] / BEST_RATES[entry["optimizer"]])
    return {**entry, "status": status, BEST: 1 / (1 + abs(distance))}


def next_runs(plan: Plan, entries: Sequence[Mapping[str, Any]], rows: Sequence[dict[str, Any]]) -> Batch:
    record = {**plan.record, "workers": 2, "plan": list(entries)}
    return rounds.next_runs(plan.config, record, rows)


def added_by(batch: Batch, before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [entry for entry in batch.plan if entry not in before]


def whole_plan(plan: Plan, chance: random.Random) -> list[Mapping[str, Any]]:
    """What the plan has come to when all is done, if runs end in an order by chance."""
    entries, rows = list(plan.entries), list[dict[str, Any]]()
    going = list(entries)
    while going:
        rows.append(row_of(going.pop(chance.randrange(len(going)))))
        if going and chance.random() < 0.7:
            continue
        batch = next_runs(plan, entries, rows)
        if batch.stacks:
            new = added_by(batch, entries)
            assert sorted(name for names in batch.stacks for name in names) == sorted(e["run"] for e in new)
            entries = list(batch.plan)
            going += new
    return entries


def test_a_contestant_goes_on_as_soon_as_its_own_trials_have_ended(plan: Plan) -> None:
    rows = [row_of(e) for e in plan.entries if (e["problem"], e["optimizer"]) == ("b", "adam")]
    assert not next_runs(plan, plan.entries, rows[1:]).stacks
    batch = next_runs(plan, plan.entries, rows)
    added = added_by(batch, plan.entries)
    assert {(e["problem"], e["optimizer"], e["phase"]) for e in added} == {("b", "adam", "evaluation")}
    assert [entry["seed"] for entry in added] == [3, 4, 5, 6, 7]
    assert not next_runs(plan, batch.plan, rows).stacks  # it has been decided


def test_beyond_an_edge_there_are_further_trials_first(plan: Plan) -> None:
    rows = [row_of(e) for e in plan.entries if (e["problem"], e["optimizer"]) == ("a", "sgd")]
    added = added_by(next_runs(plan, plan.entries, rows), plan.entries)
    assert {(e["problem"], e["optimizer"], e["phase"]) for e in added} == {("a", "sgd", "tuning")}
    largest = max(row["optimizer.learning_rate"] for row in rows)
    assert all(entry["optimizer.learning_rate"] > largest for entry in added)


def test_nothing_is_chosen_while_a_trial_has_failed(plan: Plan) -> None:
    first, *others = [e for e in plan.entries if (e["problem"], e["optimizer"]) == ("a", "adam")]
    assert not next_runs(plan, plan.entries, [row_of(first, "failed"), *map(row_of, others)]).stacks


def test_the_plan_is_the_same_in_whatever_order_runs_end(plan: Plan) -> None:
    found = [whole_plan(plan, random.Random(seed)) for seed in range(20)]
    assert all(entries == found[0] for entries in found)
    assert [entry["phase"] for entry in found[0]].count("evaluation") == 20
    assert len(found[0]) > len(plan.entries) + 20  # some trials lie beyond an edge


def test_a_plan_in_the_order_of_arrival_would_be_noticed(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(rounds, "_in_order", lambda plan, problems: list(plan))
    found = [whole_plan(plan, random.Random(seed)) for seed in range(20)]
    assert any(entries != found[0] for entries in found)
