"""The directory of a group of runs: several seeds, folds, or points of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gdrun.run_directory import files, tables
from gdrun.run_directory.checkpoints import FEWEST, Checkpoints
from gdrun.run_directory.directory import (
    CHECKPOINTS,
    MEMBERS,
    Ending,
    Status,
    WritableDirectory,
    end_together,
)
from gdrun.run_directory.json_files import to_json
from gdrun.run_directory.lock import DirectoryLock
from gdrun.run_directory.naming import check_name, create_directory
from gdrun.run_directory.reading import digest_of
from gdrun.run_directory.refusal import refusal
from gdrun.run_directory.run import PREDICTIONS, RunDirectory

RECORD, RESULTS, SUMMARY = "group.json", "results.csv", "summary.json"


class GroupDirectory(WritableDirectory):
    """The directory of a group, open for writing; `record` is group.json, and the lock covers its members."""

    record_name = RECORD
    fields = (
        *("schema_version", "id", "name", "command", "status", "reason", "created", "finished"),
        *("environment", "timing", "plan"),
    )

    @classmethod
    def create(
        cls,
        runs_directory: Path,
        name: str,
        *,
        config: str,
        command: str,
        plan: Sequence[Mapping[str, Any]],
        **record: Any,
    ) -> GroupDirectory:
        """Make a new group directory, lock it, and write config.yaml and group.json.

        Args:
            runs_directory: made if missing.
            name: of the group.
            config: the complete, resolved config as YAML.
            command: "train", "kfold" …
            plan: plain data, an entry a run: `run` (the member's name) and what distinguishes it.
            record: further values of group.json.

        Raises:
            ConfigError: the name can't be part of a file name.
            SystemRefusedError: the system said no.
        """
        path = create_directory(runs_directory, name)
        identity = {"id": path.name, "name": name, "command": command}
        entries = {"plan": [dict(entry) for entry in plan]}
        return cls._begin(path, DirectoryLock(path), config, identity | entries | record)

    def member(self, name: str, *, config: str, **record: Any) -> RunDirectory:
        """Make (or begin anew) the directory of one run; see `RunDirectory.member`, which workers call."""
        return RunDirectory.member(self.path, name, config=config, command=self.record["command"], **record)

    def open_member(self, name: str) -> RunDirectory:
        """Open a member that exists already."""
        return RunDirectory.open(self.path / MEMBERS / check_name(name), lock=False)

    def checkpoints(self, stack: str, keep: int = FEWEST) -> Checkpoints:
        """The checkpoints of one stack of members, by a name such as "stack-0000"."""
        return Checkpoints(self.path / CHECKPOINTS / check_name(stack), keep)

    def finish(
        self,
        status: Status,
        reason: str | None = None,
        *,
        results: Sequence[Mapping[str, Any]] | None = None,
        summary: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> None:
        """Write results.csv and summary.json, then the status.

        Args:
            status: how it ended.
            reason: why, in words.
            results: a row a run; columns come in the order in which they first occur.
            summary: plain data; non-finite numbers become null.
            values: further values of group.json: `timing` …

        Raises:
            SystemRefusedError: the system said no; the status on the disk is still `running`.
        """
        contents: dict[str, files.Content] = {}
        if results is not None:
            columns = tables.union_of_columns(results)
            contents[RESULTS] = tables.pack_columns(
                columns, [[row.get(c) for row in results] for c in columns]
            )
        if summary is not None:
            contents[SUMMARY] = to_json(summary)[0]
        end_together([Ending(self, status, reason, contents, values)])

    def _vouched_for(self, ending: Ending) -> dict[str, str]:
        found = super()._vouched_for(ending)
        predictions = self.path / PREDICTIONS  # what the command made of those of all runs
        if ending.status == "completed" and predictions.is_file():
            with refusal("read", predictions):
                found[PREDICTIONS] = digest_of(predictions.read_bytes())
        return found
