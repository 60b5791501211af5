"""A run's bits depend on its config alone: not on its company, the tiles, the workers or the environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_commands import config_file, finish, group_bits, record, start, the_run, train

from gdrun.experiments import planning

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
