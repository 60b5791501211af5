"""What tells two runs apart: keys of their configs, their environments, and their results side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gdrun.run_directory.store import Group, Run


class _Missing:
    def __repr__(self) -> str:
        return "–"


MISSING = _Missing()
"""Stands for a value that one side doesn't have."""

Row = tuple[str, Any, Any]  # a dotted key, the value on the one side and on the other


@dataclass(frozen=True)
class Difference:
    """Two runs or groups compared.

    Attributes:
        config, environment: the dotted keys whose values differ.
        results: every result that either has, and the status.
    """

    config: list[Row]
    environment: list[Row]
    results: list[Row]


def difference(first: Run | Group, second: Run | Group) -> Difference:
    """Compare two runs or groups.

    Raises:
        ConfigError: the config of one can't be read.
    """
    environments = [saved.record.get("environment") or {} for saved in (first, second)]
    return Difference(
        [row for row in _side_by_side(first.config, second.config) if _differ(row)],
        [row for row in _side_by_side(*environments) if _differ(row)],
        [("status", first.status, second.status), *_side_by_side(_results(first), _results(second))],
    )


def _results(saved: Run | Group) -> Mapping[str, Any]:
    if isinstance(saved, Run):
        return saved.result
    metrics = saved.summary.get("metrics")
    return metrics if isinstance(metrics, dict) else {}


def _side_by_side(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Row]:
    one, other = dict(flatten(first)), dict(flatten(second))
    return [(key, one.get(key, MISSING), other.get(key, MISSING)) for key in dict.fromkeys([*one, *other])]


def _differ(row: Row) -> bool:
    _, one, other = row
    return type(one) is not type(other) or bool(one != other)


def flatten(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values of nested mappings; a list is one value unless it holds mappings or lists."""
    if isinstance(value, Mapping) and (value or not key):
        for name, entry in value.items():
            yield from flatten(entry, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and any(isinstance(entry, Mapping | list) for entry in value):
        for index, entry in enumerate(value):
            yield from flatten(entry, f"{key}.{index}")
    else:
        yield key, value
