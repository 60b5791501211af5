"""Runs that the tests of the commands share: each is trained once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_commands import Answer, train

Command = Callable[..., Answer]

HARVEST = """site,rain,sun,yield
north,1.0,5.0,10.0
south,2.0,,20.5
"""


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
