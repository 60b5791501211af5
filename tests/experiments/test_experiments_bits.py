"""A run's bits depend on its config alone: not on its company, the tiles, the workers or the environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_commands import config_file, finish, group_bits, record, start, the_run, train

from gdrun.experiments import group_training, planning

SEEDS = 5
CHANGES = (  # noise, and runs that stop early at different epochs
    "model.dropout=0.2",
    "early_stopping={monitor: val_loss, patience: 1}",
    "epochs=12",
    "optimizer.learning_rate=0.1",
)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The bits of the group, computed in one process."""
    path = train(tmp_path_factory.mktemp("one"), "five", "--seeds", SEEDS, "--workers", "1", *CHANGES)
    statuses = {record(member)["status"] for member in (path / "members").iterdir()}
    assert "stopped" in statuses, "the test should see runs leave the stack"
    return group_bits(path)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_tiles_of_any_size(
    expected: dict[str, object], tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning.tiles, "tile_counts", lambda works, runs, workers: [count])
    path = train(tmp_path, "five", "--seeds", SEEDS, *CHANGES)
    assert len(record(path)["stacks"]) == count
    assert group_bits(path) == expected


@pytest.mark.parametrize("workers", ["2", "3"])
def test_any_number_of_workers(expected: dict[str, object], tmp_path: Path, workers: str) -> None:
    path = train(tmp_path, "five", "--seeds", SEEDS, "--workers", workers, *CHANGES)
    assert record(path)["timing"]["workers"] == int(workers)
    assert group_bits(path) == expected


@pytest.mark.parametrize(
    "environment",
    [
        {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
        {"PYTHONHASHSEED": "12345", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
    ],
)
def test_whatever_the_environment_says(
    expected: dict[str, object], tmp_path: Path, environment: dict[str, str]
) -> None:
    config = config_file(tmp_path, "five")
    words = ("train", config, "--seeds", SEEDS, "--runs-dir", tmp_path / "runs", "-q", *CHANGES)
    answer = finish(start(*words, environment=environment))
    assert answer.code == 0, answer
    path = the_run(tmp_path / "runs", "five")
    assert group_bits(path) == expected
    for directory in (path, path / "members" / "seed-0"):
        assert "(1 thread)" in record(directory)["environment"]["blas"]


COMMANDS: dict[str, tuple[str, ...]] = {
    "kfold": ("kfold", "--folds", "3"),
    "sweep": ("sweep", "batch_size=16,32", "model.hidden=[4],[8]", "--seeds", "2"),
    "compare-optimizers": ("compare-optimizers", "--optimizers", "sgd,adam", "--trials", "2", "--seeds", "6"),
}
ENGINES = (("--workers", "1"), ("--workers", "2"), ("--engine", "dask"))


def left_by(folder: Path, command: str, *words: str, hash_seed: int, more: tuple[str, ...] = ()) -> str:
    """All that a group leaves but for times, in the order in which it stands there, as text."""
    folder.mkdir()
    name, *usual = COMMANDS[command]
    config = config_file(folder, "group")
    where = ("--runs-dir", folder / "runs", "-q")
    answer = finish(
        start(name, config, *usual, *words, *where, *more, environment={"PYTHONHASHSEED": str(hash_seed)})
    )
    assert answer.code == 0, answer
    path = the_run(folder / "runs", "group")
    found: dict[str, Any] = group_bits(path) | {"config": (path / "config.yaml").read_text()}
    return json.dumps(found, default=bytes.hex)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("command", list(COMMANDS))
def test_any_seed_of_hashes_on_any_engine(tmp_path: Path, command: str) -> None:
    count = 12
    found = {
        left_by(tmp_path / str(seed), command, *ENGINES[seed % len(ENGINES)], hash_seed=seed)
        for seed in range(count)
    }
    print(f"{command}: {count} seeds of hashes, {len(ENGINES)} engines, {len(found)} results")
    assert len(found) == 1


BREAKER = """
import itertools, os
from dataclasses import dataclass
from gdrun.optim.sgd import Sgd
from gdrun.training import batches

@dataclass(frozen=True)
class {name}(Sgd):
    "Descent, since a plugin has to bring something."

given, count = batches.generator, itertools.count()

def generator(seed, purpose, *identifiers):
    return given(seed + {what}, purpose, *identifiers)

batches.generator = generator
"""
HASHES, WORKERS = ("--workers", "1", 2), ("--workers", "2", 1)  # what differs from one worker, seed 1
ORDERS = [  # in place of the run's own seed; who shows it; and whether it is seen
    ("list({'a', 'b', 'c', 'd', 'e', 'f', 'g'}).index('a')", HASHES, True),
    ("next(count)", WORKERS, True),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("hash('order') % 9973", HASHES, True),
            ("os.getpid()", WORKERS, True),
            ("0", HASHES, False),
            ("0", WORKERS, False),
        )
    ),
]


@pytest.mark.parametrize(("what", "other", "seen"), ORDERS)
def test_an_order_that_depends_on_anything_else_would_be_noticed(
    tmp_path: Path, what: str, other: tuple[str, str, int], seen: bool
) -> None:
    """Negative control: the order of the batches comes from a set, a hash, a process or a run's company."""
    plugin = tmp_path / "plugin.py"
    plugin.write_text(BREAKER.format(name="Descent", what=what))
    more = ("--plugin", str(plugin))
    first = left_by(tmp_path / "first", "kfold", "--workers", "1", hash_seed=1, more=more)
    *words, seed = other
    assert (left_by(tmp_path / "other", "kfold", *words, hash_seed=seed, more=more) != first) == seen


def test_results_in_the_order_of_arrival_would_be_noticed(
    tmp_path: Path, expected: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the last run is the first one to end."""
    arrived = property(lambda self: list(self._rows.values())[::-1])
    monkeypatch.setattr(group_training.GroupTraining, "rows", arrived)
    path = train(tmp_path, "five", "--seeds", SEEDS, "--workers", "1", *CHANGES)
    assert group_bits(path) != expected
