"""A snapshot: arrays and plain data from which training goes on to the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gdrun.nn.layer import Array


@dataclass(frozen=True)
class Snapshot:
    """All that a stack remembers at one moment.

    Attributes:
        arrays: by name; the first axis counts the runs that are still in the stack.
        document: plain data (strings, numbers, lists, dictionaries).
    """

    arrays: dict[str, Array]
    document: dict[str, Any]
