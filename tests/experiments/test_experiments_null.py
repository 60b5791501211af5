"""Where there is nothing to find, nothing is found: with runs that were really trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import gdrun
from gdrun.config import from_plain
from gdrun.experiments.build import load_all_data, stack_work
from gdrun.statistics import compare, describe
from gdrun.training.record import Outcome, Record
from gdrun.training.snapshot import Snapshot
from gdrun.training.trainer import Trainer

REPETITIONS, CONTESTANTS, SEEDS = 200, 7, 10
CONFIG = {
    "dataset": {"name": "blobs", "rows": 200, "centers": 3, "spread": 3.0},
    "model": {"name": "mlp", "hidden": [4]},
    "split": {"validation": 0.5, "test": 0},
    "batch_size": 20,
    "epochs": 2,
}


class Best:
    """An observer that keeps the best validation accuracy of every run."""

    def __init__(self, runs: int) -> None:
        self.scores = np.zeros(runs)

    def evaluated(self, run: int, record: Record) -> None:
        self.scores[run] = max(self.scores[run], record.validation["accuracy"])

    def finished(self, run: int, outcome: Outcome) -> None: ...

    def epoch_ended(self, epoch: int) -> None: ...

    def checkpoint_due(self) -> bool:
        return False

    def save(self, snapshot: Snapshot) -> None: ...

    def interrupted(self) -> bool:
        return False


def best_scores(seeds: Sequence[int]) -> NDArray[np.float64]:
    """The best validation accuracy of the same small network with each of these seeds."""
    config = from_plain(CONFIG).config
    configs, data, which = load_all_data([replace(config, seed=seed) for seed in seeds])
    best = Best(len(seeds))
    Trainer(stack_work(configs, data, which), best).run()
    return best.scores


@pytest.fixture(scope="module")
def scores() -> NDArray[np.float64]:
    """(repetitions, contestants, seeds): one optimizer under many names, each with seeds of its own."""
    runs = REPETITIONS * CONTESTANTS * SEEDS
    parts = [best_scores(range(start, start + 2000)) for start in range(0, runs, 2000)]
    found = np.concatenate(parts).reshape(REPETITIONS, CONTESTANTS, SEEDS)
    assert found.std() > 0.02  # else there would be nothing to mistake for a difference
    return found


def declared(scores: NDArray[np.float64], repetition: int) -> bool:
    """Whether a comparison declares any difference between these contestants."""
    named = {f"name-{number}": own for number, own in enumerate(scores)}
    found = compare(named, np.random.default_rng(repetition), higher_is_better=True, resamples=200)
    return any(pair.better is not None for pair in found.pairs)


@pytest.mark.parametrize("contestants", [2, CONTESTANTS])
def test_one_optimizer_under_several_names_is_told_apart_in_at_most_five_of_a_hundred(
    scores: NDArray[np.float64], contestants: int
) -> None:
    alarms = sum(declared(one[:contestants], number) for number, one in enumerate(scores))
    assert alarms <= 0.05 * REPETITIONS


def test_without_the_correction_for_many_pairs_it_would_be(
    scores: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gdrun.statistics.comparison.holm", np.asarray)
    alarms = sum(declared(one, number) for number, one in enumerate(scores[:60]))
    assert alarms > 0.2 * 60


def test_a_real_difference_is_found(scores: NDArray[np.float64]) -> None:
    better = scores[:, :2] + np.array([[[0.0], [2 * scores.std()]]])
    found = sum(declared(one, number) for number, one in enumerate(better[:50]))
    assert found > 0.8 * 50


def test_of_random_labels_nothing_is_learned(tmp_path: Path) -> None:
    """Every run has labels of its own: one set of them is by accident a little predictable from its rows."""
    source = np.random.default_rng(7)
    paths = [tmp_path / f"noise-{number}.npz" for number in range(60)]
    for path in paths:
        np.savez(path, X=source.normal(size=(240, 5)), y=source.permutation(240) % 2)
    config = {
        "dataset": {"name": "npz", "path": str(paths[0])},
        "model": {"name": "mlp", "hidden": [16]},
        "split": {"validation": 0, "test": 0.3},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "epochs": 10,
    }
    group = gdrun.sweep(config, {"dataset.path": [str(path) for path in paths]}, runs_dir=tmp_path / "runs")
    accuracy = describe(group.results["test_accuracy"])
    assert accuracy.n == 60
    assert accuracy.interval is not None
    low, high = accuracy.interval
    assert low <= 0.5 <= high
    assert high - low < 0.06
    assert np.mean(group.results["train_accuracy"]) > 0.6  # each learned its own rows by heart
