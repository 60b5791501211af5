"""What cannot be concluded from a comparison, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gdrun.config import AnyConfig, ObjectiveConfig
from gdrun.experiments.comparison.problems import compare_of
from gdrun.run_directory.directory import FINAL


def notices_of(problem: AnyConfig, found: Mapping[str, Any]) -> Iterator[str]:
    """What a reader must know before believing a result.

    Args:
        problem: its config.
        found: what summary.json says of it.
    """
    numbers = compare_of(problem)
    fewest, pairs = found["fewest_seeds"], len(found["pairs"])
    if fewest is None or numbers.seeds < fewest:
        needed = "fewer contestants" if fewest is None else f"at least {fewest} seeds or fewer contestants"
        yield (
            f"With {numbers.seeds} seeds and {pairs} pairs no difference could be declared, however clear: "
            f"that would take {needed}."
        )
    edges: dict[tuple[str, str], list[str]] = {}
    for name, contestant in found["contestants"].items():
        ended = contestant["ended"]["tuning"]
        unfinished = sum(count for status, count in ended.items() if status not in FINAL)
        tuning = contestant["tuning"]
        if unfinished:
            yield f"{name} has no result: {unfinished} of its trial runs failed; gdrun resume tries again."
        elif contestant["chosen"] is None:
            yield f"{name} has no result: every trial diverged."
        elif tuning["edge"] is not None:
            edges.setdefault((tuning["edge_option"], tuning["edge"]), []).append(name)
        diverged = contestant["ended"]["evaluation"].get("diverged", 0)
        if diverged:
            seeds = sum(contestant["ended"]["evaluation"].values())
            yield f"{name} diverged on {diverged} of {seeds} seeds; its means are over the others."
    for (option, side), names in edges.items():
        which = {"low": "lowest", "high": "highest"}[side]
        yield (
            f"The best {option} is the {which} that was tried for {', '.join(names)}: "
            "a wider range might do better."
        )
    if isinstance(problem, ObjectiveConfig):
        return
    if all(contestant["test"] is None for contestant in found["contestants"].values()):
        yield "There are no test rows: validation rows chose settings and epochs, so their results flatter."
    if not problem.split.resample:
        yield (
            "All seeds share one split of the rows: what is said holds for these rows, "
            "and split.resample: true would give every seed a split of its own."
        )
