"""What every test starts from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gdrun.config.families import FAMILIES


@pytest.fixture(autouse=True)
def _only_own_components() -> Iterator[None]:
    """A plugin that a test loads into this process is forgotten when the test ends."""
    before = {kind: set(family.components) for kind, family in FAMILIES.items()}
    yield
    for kind, family in FAMILIES.items():
        for name in set(family.components) - before[kind]:
            del family.components[name]
