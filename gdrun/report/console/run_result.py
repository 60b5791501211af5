"""What came of a run or a group, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.report.comparison import Problem, leaders
from gdrun.report.console.numbers import number
from gdrun.run_directory.store import Group, Run
from gdrun.text import printable

NOTHING = "–"
_PARTS = {"test": "test", "validation": "val", "train": "train"}


def result_in_words(saved: Run | Group | None) -> str:
    """The first metric on the test rows, or on the best part that there is: "accuracy 0.9741".

    Raises:
        GdrunError: the summary of the group is damaged.
    """
    if isinstance(saved, Group):
        return summary_in_words(saved.summary)
    result = (saved.record.get("result") if saved else None) or {}
    if "point" in result:
        return f"value {number(result.get('value'))}"
    return _first(
        {part: {name: number(value) for name, value in (result.get(part) or {}).items()} for part in _PARTS}
    )


def summary_in_words(summary: Mapping[str, Any]) -> str:
    """The same of summary.json: seeds and folds with spread, a sweep's best point, a comparison's first."""
    if "points" in summary:
        return _of_sweep(summary)
    if "problems" in summary:
        return _of_comparison(summary["problems"])
    metrics = summary.get("metrics") or {}
    if "value" in metrics:
        return f"value {number(metrics['value'].get('median'))} (median)"
    return _first(
        {
            part: {
                name.removeprefix(f"{short}_"): f"{number(v.get('mean'))} ± {number(v.get('std'), 2)}"
                for name, v in metrics.items()
                if name.startswith(f"{short}_")
            }
            for part, short in _PARTS.items()
        }
    )


def _of_sweep(summary: Mapping[str, Any]) -> str:
    """ "val_loss 0.0812, best of 12"."""
    best, monitor = summary.get("best"), str(summary.get("monitor"))
    if best is None:
        return NOTHING
    points = summary["points"]
    value = points[best]["metrics"].get(monitor, {}).get("mean")
    return f"{printable(monitor, one_line=True)} {number(value)}, best of {len(points)}"


def _of_comparison(problems: Sequence[Problem]) -> str:
    """ "adam first, 2 tied": those that cannot be told apart from it."""
    if len(problems) != 1:
        return f"{len(problems)} problems"
    found = leaders(problems[0])
    if not found:
        return NOTHING
    first, *tied = found
    return f"{printable(first, one_line=True)} first" + (f", {len(tied)} tied" if tied else "")


def _first(words: Mapping[str, Mapping[str, str]]) -> str:
    for part, values in words.items():
        for name in [*(name for name in values if name != "loss"), "loss"]:
            if name in values:
                return f"{name} {values[name]}" + ("" if part == "test" else f" ({part})")
    return NOTHING
