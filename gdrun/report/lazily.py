"""Functions by name, so that a command imports only what shows its own results."""

from __future__ import annotations

import importlib
from typing import Any


def function(place: str) -> Any:
    """The function that "module.function" names, the module being one of this package."""
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(f"gdrun.report.{module}"), name)
