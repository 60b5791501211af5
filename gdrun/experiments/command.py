"""What one command makes of the runs of its group, beside having them trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from gdrun.config import AnyConfig, with_changes

OneOf = TypeVar("OneOf", bound=AnyConfig)
Entry = Mapping[str, Any]  # of a plan: `run`, its name, and what tells the run from the others
Row = dict[str, Any]  # of results.csv


@dataclass(frozen=True)
class Batch:
    """Runs to be trained next, if there are any.

    Attributes:
        plan: the whole plan, they included, in an order that doesn't depend on when they were added.
        stacks: names of those that train together.
    """

    plan: Sequence[Entry] = ()
    stacks: Sequence[Sequence[str]] = ()


def differing_keys(record: Mapping[str, Any], config: OneOf, entry: Entry) -> OneOf:
    """The config of a run whose entry has the config keys in which it differs from the group's."""
    changes = {key: value for key, value in entry.items() if key != "run"}
    return with_changes(config, changes)


def as_they_are(
    path: Path,
    config: AnyConfig,
    record: Mapping[str, Any],
    rows: Sequence[Row],
    members: Sequence[Mapping[str, Any]],
) -> None:
    """For a command whose rows say what run.json does."""


def nothing_more(config: AnyConfig, record: Mapping[str, Any], rows: Sequence[Row]) -> Batch:
    """For a command all of whose runs are known from the start."""
    return Batch()


@dataclass(frozen=True)
class Command(Generic[OneOf]):
    """How a command that trains a group goes about it.

    Attributes:
        name: on the command line, and in group.json.
        conclude: makes summary.json of the group's directory, its config and the rows of results.csv, in the
            order of the plan; it may write further files, and add columns to the rows.
        member: the config of a run, from group.json, the group's config and the run's entry in the plan.
        next_runs: what is to be trained beside the planned runs, from the group's config, group.json and the
            rows of the runs that have ended; nothing, if that can't be said yet, or that was all. The plan
            has to be the same in the end, in whatever order runs end.
        measure: adds to the rows of runs that have just ended what their other files say, from the group's
            directory, its config, group.json, the rows and the run.json of each. Others may train meanwhile.
        tested: whether the test rows of a run are looked at, by its entry.
    """

    name: str
    conclude: Callable[[Path, OneOf, Sequence[Row]], dict[str, Any]]
    member: Callable[[Mapping[str, Any], OneOf, Entry], OneOf] = differing_keys
    next_runs: Callable[[OneOf, Mapping[str, Any], Sequence[Row]], Batch] = nothing_more
    measure: Callable[[Path, OneOf, Mapping[str, Any], Sequence[Row], Sequence[Mapping[str, Any]]], None] = (
        as_they_are
    )
    tested: Callable[[Entry], bool] = lambda entry: True
