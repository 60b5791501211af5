"""Overrides: KEY=VALUE on the command line, or a mapping in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.config.problems import Problems
from gdrun.config.reader import Node


def apply_overrides(
    root: Node, overrides: Sequence[str] | Mapping[str, Any], problems: Problems, notices: list[str]
) -> Node:
    """The tree with the overrides in it."""
    return root
