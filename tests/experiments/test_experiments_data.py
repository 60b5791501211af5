"""Which data the runs of a plan have: each distinct set once, and by default the same rows for every seed."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdrun
from gdrun.config import Config, Fold, from_plain, to_plain, with_changes
from gdrun.data import Prepared
from gdrun.engines.interruption import Interruption
from gdrun.errors import ConfigError
from gdrun.experiments import build
from gdrun.experiments.build import load_all_data
from gdrun.experiments.kfold import plan_kfold
from gdrun.experiments.plan import Plan, carry_out_plan
from gdrun.experiments.train import plan_training
from gdrun.run_directory.store import Group


def config_of(**split: Any) -> Config:
    model = {"name": "mlp", "hidden": [4]}
    values = {"dataset": "digits", "split": {"train": 100, **split}, "model": model, "epochs": 1}
    return from_plain(values).config


def rows(data: Prepared) -> tuple[list[int], ...]:
    parts = (data.train, data.validation, data.test)
    return tuple([] if part is None else part.rows.tolist() for part in parts)


def carried_out(plan: Plan, folder: Path) -> Group:
    return Group(carry_out_plan(plan, folder, tell=lambda event: None, interruption=Interruption()))


def test_every_seed_has_the_same_rows_unless_asked() -> None:
    configs = [replace(config_of(), seed=seed) for seed in range(3)]
    _, data, which = load_all_data(configs)
    assert len(data) == 1
    assert which == [0, 0, 0]


def test_every_seed_has_rows_of_its_own_and_always_the_same() -> None:
    config = config_of(resample=True, seed=5)
    _, data, which = load_all_data([replace(config, seed=seed) for seed in (0, 1, 0, 2)])
    assert which == [0, 1, 0, 2]
    for part in range(3):
        assert len({tuple(rows(one)[part]) for one in data}) == 3
    _, alone, _ = load_all_data([replace(config, seed=1)])
    assert rows(alone[0]) == rows(data[1])
    _, plain, _ = load_all_data([config_of(seed=6)])
    assert rows(plain[0]) == rows(data[1])  # by the seed of the split plus that of the run


def test_seeds_of_a_group_train_on_rows_of_their_own_as_if_alone(tmp_path: Path) -> None:
    config = config_of(resample=True)
    group = carried_out(plan_training(config, 3, 1), tmp_path)
    alone = carried_out(plan_training(replace(config, seed=1), 2, 1), tmp_path)
    splits = {name: run.split()["train"] for name, run in group.members.items()}
    assert not np.array_equal(np.sort(splits["seed-0"]), np.sort(splits["seed-1"]))
    for name in ("seed-1", "seed-2"):
        np.testing.assert_array_equal(alone.members[name].split()["train"], splits[name])
        for array, other in zip(
            group.members[name].weights().values(), alone.members[name].weights().values(), strict=True
        ):
            np.testing.assert_array_equal(array, other)
    assert len({str(run.record["data"]["preprocessing"]) for run in group.members.values()}) == 3


def test_the_folds_of_a_repetition_share_their_seed() -> None:
    def tested(**split: Any) -> list[list[int]]:
        plan = plan_kfold(config_of(**split), folds=3, repeats=2)
        _, data, which = load_all_data(plan.layout.configs)
        return [rows(data[place])[2] for place in which]

    drawn, usual = tested(resample=True), tested()
    for repetition in (drawn[:3], drawn[3:], usual[:3], usual[3:]):
        assert sorted(chain.from_iterable(repetition)) == list(range(1797))
    assert drawn[:3] == usual[:3]  # the seed of the first is 0
    assert drawn[3:] != usual[3:]


@pytest.mark.parametrize(
    "changes",
    [
        {"split.seed": 1},
        {"split.validation": 0.2},
        {"preprocessing.features": "min_max"},
        {"dtype": "float64"},
        {"dataset": "wine"},
        {"split.fold": {"number": 1}},
    ],
)
def test_what_changes_the_data_makes_another_set(changes: dict[str, Any]) -> None:
    config = config_of()
    equal = from_plain(to_plain(config)).config  # of parts of its own
    _, data, which = load_all_data([config, with_changes(config, changes), equal])
    assert which == [0, 1, 0]
    assert len(data) == 2


def test_configs_that_share_their_parts_are_described_once(monkeypatch: pytest.MonkeyPatch) -> None:
    described = []
    monkeypatch.setattr(build, "to_plain", lambda part: described.append(part) or to_plain(part))
    config = config_of(fold=None)
    folds = [replace(config, split=replace(config.split, fold=Fold(number, 2))) for number in range(2)]
    load_all_data([replace(folds[seed % 2], seed=seed) for seed in range(1000)])
    assert len(described) < 20


@pytest.mark.parametrize("split", [{"fold": {"number": 0, "of": 3}}, {"resample": True}])
def test_a_table_whose_rows_are_split_again_and_again_is_read_once(
    monkeypatch: pytest.MonkeyPatch, split: dict[str, Any]
) -> None:
    for kept in ("_kept", "_last_table"):
        monkeypatch.setattr(build, kept, {})
    read = []
    load_table = build.load_table
    monkeypatch.setattr(build, "load_table", lambda config: read.append(config) or load_table(config))
    config = from_plain({"dataset": {"name": "blobs", "rows": 71}, "split": split}).config
    first = load_all_data([config])[1][0]
    again = config.split
    if again.fold is not None:
        again = replace(again, fold=replace(again.fold, number=1))
    second = load_all_data([replace(config, seed=1, split=again)])[1][0]
    assert len(read) == 1
    assert not np.array_equal(first.train.rows, second.train.rows)
    load_all_data([from_plain({"dataset": {"name": "blobs", "rows": 72}}).config])
    load_all_data([config])
    assert len(read) == 3  # what was not asked for last is not kept


@pytest.mark.parametrize("name", ["lbfgs", "annealing"])
def test_a_stochastic_layer_is_no_thing_for_a_method_that_compares_losses(name: str, tmp_path: Path) -> None:
    config = {
        "dataset": "iris",
        "batch_size": "full",
        "epochs": 1,
        "optimizer": name,
        "model": {"name": "mlp", "hidden": [4], "dropout": 0.2},
    }
    with pytest.raises(ConfigError, match=rf"{name} compares losses, and layers.1 \(dropout\) changes them"):
        gdrun.train(config, runs_dir=tmp_path)
    assert not list(tmp_path.iterdir())
    assert gdrun.train(config, {"model.dropout": 0}, runs_dir=tmp_path).status == "completed"
