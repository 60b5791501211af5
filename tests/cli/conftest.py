"""Runs that the tests of the commands share: each is trained once."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_commands import gdrun, the_run, train, write_table
from cli_stopped import EPOCHS, often

TABLE = "name: table\ndataset: {name: csv, path: table.csv, target: kind}\nepochs: 20\nbatch_size: 8\n"


@pytest.fixture(scope="session")
def shared_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs directory for the fixtures of this file."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session")
def classifier(shared_runs: Path) -> Path:
    """A run that tells three clouds of points apart."""
    return train(shared_runs, "classifier")


@pytest.fixture(scope="session")
def members(shared_runs: Path) -> Path:
    """A group of four seeds."""
    return train(shared_runs, "members", "--seeds", "4", "--workers", "1")


@pytest.fixture(scope="session")
def pets(shared_runs: Path) -> Path:
    """A run on a table with categories and missing values."""
    folder = shared_runs / "pets"
    folder.mkdir()
    write_table(folder / "table.csv")
    (folder / "c.yaml").write_text(TABLE)
    answer = gdrun("train", folder / "c.yaml", "--runs-dir", folder, "-q")
    assert answer.code == 0, answer
    return the_run(folder, "table")


@pytest.fixture(scope="session")
def undisturbed(shared_runs: Path) -> Path:
    """A run with a checkpoint after every epoch that nobody disturbs."""
    return _undisturbed(shared_runs / "undisturbed")


@pytest.fixture(scope="session")
def undisturbed_group(shared_runs: Path) -> Path:
    """Four such runs."""
    return _undisturbed(shared_runs / "undisturbed-group", "--seeds", "4", "--workers", "1")


def _undisturbed(folder: Path, *words: str) -> Path:
    folder.mkdir()
    assert gdrun("train", often(folder), f"epochs={EPOCHS}", *words, "--runs-dir", folder, "-q").code == 0
    return the_run(folder, "often")
