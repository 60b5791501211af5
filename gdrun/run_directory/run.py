"""A run directory that is being written: from its creation, through training, to its result.

run = RunDirectory.create(Path("runs"), "digits-mlp", config=yaml_text, command="train", seed=0)
run.set(parameters=4810, data={"rows": 1797, …})
run.write_split(train, validation, test)
metrics = run.metrics(metrics_columns(["accuracy"]))
metrics.append([0, 0, None, 2.3, …])
run.checkpoints().write(epoch, step, arrays, document, {"metrics": metrics})
run.finish("completed", weights=…, predictions=…, timing=…, result=…)
run.release()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gdrun.errors import ConfigError, ExistsError
from gdrun.run_directory import files, metrics_csv, tables
from gdrun.run_directory.checkpoints import FEWEST, Checkpoints
from gdrun.run_directory.directory import (
    CHECKPOINTS,
    CONFIG,
    FINAL,
    MEMBERS,
    Ending,
    Status,
    WritableDirectory,
    end_together,
)
from gdrun.run_directory.environment import environment
from gdrun.run_directory.json_files import Shared
from gdrun.run_directory.lock import DirectoryLock
from gdrun.run_directory.metrics_csv import MetricsFile
from gdrun.run_directory.naming import check_name, create_directory
from gdrun.run_directory.weights import pack_arrays

RECORD, WEIGHTS, SPLIT, PREDICTIONS = "run.json", "weights.npz", "split.npz", "predictions.csv"
LEARNING = "learning.npz"

Arrays = Mapping[str, NDArray[Any]]


class RunDirectory(WritableDirectory):
    """The directory of one run, open for writing; `record` is the content of run.json."""

    record_name = RECORD
    fields = (
        *(
            "schema_version",
            "id",
            "name",
            "command",
            "status",
            "reason",
            "created",
            "finished",
            "seed",
            "fold",
        ),
        *("parameters", "data", "environment", "timing", "result"),
    )

    _metrics: MetricsFile | None = None

    @classmethod
    def create(
        cls, runs_directory: Path, name: str, *, config: str, command: str, **record: Any
    ) -> RunDirectory:
        """Make a new run directory `YYYYMMDD-HHMMSS-<name>`, lock it, and write config.yaml and run.json.

        Args:
            runs_directory: made if missing.
            name: of the run.
            config: the complete, resolved config as YAML.
            command: "train", "kfold" …
            record: further values of run.json that are known already, such as `seed`.

        Raises:
            ConfigError: the name can't be part of a file name.
            SystemRefusedError: the system said no.
        """
        path = create_directory(runs_directory, name)
        identity = {"id": path.name, "name": name, "command": command}
        return cls._begin(path, DirectoryLock(path), config, identity | record)

    @classmethod
    def member(cls, group: Path, name: str, *, config: str, command: str, **record: Any) -> RunDirectory:
        """Make (or begin anew) the directory of one run of a group, `<group>/members/<name>`.

        It has no lock of its own: the group's holder, and the workers that it started, write in it. A member
        that a dead worker left is begun anew.

        Raises:
            ConfigError: the name can't be a file name.
            ExistsError: something that is no folder has the name.
            SystemRefusedError: the system said no.
        """
        (run,) = cls.members(group, {name: {"config": config, "command": command, **record}})
        begin_runs([(run, {}, None)])
        return run

    @classmethod
    def members(cls, group: Path, beginnings: Mapping[str, Mapping[str, Any]]) -> list[RunDirectory]:
        """The same for several runs, by their names: a disk takes little more time for them than for one.

        There is nothing in the directories yet, nor are they durable: config.yaml and run.json go into them
        with what comes next, `begin_runs` or `end_runs`.

        Args:
            group: its directory.
            beginnings: name → what else `member` takes.
        """
        for name in beginnings:
            if check_name(name).startswith("."):
                raise ConfigError(f"member {name!r}: the name of a member doesn't begin with a dot")
        runs = []
        shared = Shared(environment())
        folder = group / MEMBERS
        files.make_directories(folder)
        for name, record in beginnings.items():
            path = folder / name
            if not files.make_directory(path):
                if path.is_symlink() or not path.is_dir():
                    raise ExistsError(f"{path} is in the way and no folder; remove it")
                files.remove_leftovers(path)
            identity = {"id": f"{group.name}/{name}", "name": name, "environment": shared}
            further = {key: value for key, value in record.items() if key != "config"}
            runs.append(cls._new(path, None, identity | further))
            runs[-1]._note_config(record["config"])
            runs[-1]._unwritten = {folder: {}, path: {CONFIG: record["config"].encode()}}
        return runs

    def metrics(
        self, columns: Sequence[str], keep: int | None = None, digest: str | None = None
    ) -> MetricsFile:
        """The run's metrics.csv for appending: new, or cut to `keep` bytes on resume; see `MetricsFile`."""
        if self._metrics is not None:
            self._metrics.close()
        self._metrics = MetricsFile(self.path / metrics_csv.FILE_NAME, columns, keep, digest)
        return self._metrics

    def checkpoints(self, keep: int = FEWEST) -> Checkpoints:
        """The run's checkpoints."""
        return Checkpoints(self.path / CHECKPOINTS, keep)

    def write_split(self, train: NDArray[Any], validation: NDArray[Any], test: NDArray[Any]) -> None:
        """Write split.npz: numbers of the rows of the dataset, each (rows,)."""
        files.write_atomically(self.path / SPLIT, pack_split(train, validation, test))

    def write_weights(self, arrays: Arrays) -> None:
        """Write weights.npz: name (`layers.<i>.weight` …) → array."""
        files.write_atomically(self.path / WEIGHTS, pack_arrays(arrays))

    def finish(
        self,
        status: Status,
        reason: str | None = None,
        *,
        weights: Arrays | None = None,
        predictions: bytes | None = None,
        learning: Arrays | None = None,
        **values: Any,
    ) -> None:
        """Write what is left of a run and then its status: a reader who sees it finds all the rest.

        Args:
            status: how it ended.
            reason: why, in words. Non-finite numbers of run.json are null there and named in it.
            weights: name → array of weights.npz.
            predictions: the content of predictions.csv; see `pack_predictions`.
            learning: name → array of learning.npz: pictures of learning; no file if there are none.
            values: further values of run.json: `timing`, `result` …

        Raises:
            SystemRefusedError: the system said no; the status on the disk is still `running`.
        """
        end_runs(
            [
                self.ending(
                    status, reason, weights=weights, predictions=predictions, learning=learning, **values
                )
            ]
        )

    def ending(
        self,
        status: Status,
        reason: str | None = None,
        *,
        weights: Arrays | None = None,
        predictions: bytes | None = None,
        learning: Arrays | None = None,
        further: Mapping[str, files.Content] | None = None,
        **values: Any,
    ) -> Ending:
        """What `finish` would write, for `end_runs`; `further` are files of other names."""
        contents: dict[str, files.Content] = dict(further or {})
        if weights is not None:
            contents[WEIGHTS] = pack_arrays(weights)
        if predictions is not None:
            contents[PREDICTIONS] = predictions
        if learning:
            contents[LEARNING] = pack_arrays(learning, compressed=True)
        return Ending(self, status, reason, contents, values)

    def _vouched_for(self, ending: Ending) -> dict[str, str]:
        found = super()._vouched_for(ending)
        if self._metrics is not None and ending.status in FINAL:  # else the rows after a checkpoint go
            found[metrics_csv.FILE_NAME] = self._metrics.digest
        return found

    def release(self) -> None:
        try:
            if self._metrics is not None:
                self._metrics.close()
        finally:
            super().release()


def end_runs(endings: Sequence[Ending]) -> None:
    """`RunDirectory.finish` of several runs: a disk takes little more time for them than for one.

    Raises:
        SystemRefusedError: as there.
    """
    runs = [ending.directory for ending in endings if isinstance(ending.directory, RunDirectory)]
    metrics = [run._metrics for run in runs if run._metrics is not None]
    with metrics_csv.synced_on_the_way(metrics) as growing:
        end_together(endings, growing)


def begin_runs(beginnings: Sequence[tuple[RunDirectory, Mapping[str, Any], bytes | None]]) -> None:
    """Write what is known when the data have been read, of several runs at the same time.

    Args:
        beginnings: a run, values of its run.json, and the content of its split.npz unless that is there; see
            `pack_split`.

    Raises:
        SystemRefusedError: the system said no.
    """
    first: dict[Path, Mapping[str, files.Content]] = {}
    then: dict[Path, Mapping[str, files.Content]] = {}
    for run, values, split in beginnings:
        run.vouch_for_nothing_but_the_config()
        run.record |= values
        known = {} if split is None else {SPLIT: split}
        if unwritten := run.take_unwritten():
            first |= unwritten
            first[run.path], known = {**first[run.path], **known}, {}
        then[run.path] = {**known, RECORD: run._json()}
    files.write_everywhere(first, then)


def pack_split(train: NDArray[Any], validation: NDArray[Any], test: NDArray[Any]) -> bytes:
    """The content of split.npz; see `RunDirectory.write_split`."""
    return pack_arrays({"train": train, "validation": validation, "test": test})


def pack_predictions(
    rows: NDArray[Any],
    target: Sequence[Any] | NDArray[Any],
    prediction: Sequence[Any] | NDArray[Any],
    probabilities: NDArray[Any] | None = None,
    classes: Sequence[str] = (),
) -> bytes:
    """The content of predictions.csv.

    Args:
        rows: numbers of the rows in the dataset (rows,).
        target, prediction: a number or the name of a class a row.
        probabilities: (rows, classes), where there are any.
        classes: their names.
    """
    columns = ["row", "target", "prediction"]
    given: list[Sequence[Any] | NDArray[Any]] = [rows, target, prediction]
    if probabilities is not None:
        columns += [f"probability_{name}" for name in classes]
        given += [*probabilities.T]
    return tables.pack_columns(columns, given)
