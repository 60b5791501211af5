"""Reading what runs have left: `Run`, `Group`, and `load`, which returns one or the other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from gdrun.errors import ConfigError
from gdrun.run_directory import group as group_files
from gdrun.run_directory import run as run_files
from gdrun.run_directory.directory import CONFIG, LOG, MEMBERS, REPORT, read_record
from gdrun.run_directory.json_files import read_json
from gdrun.run_directory.lock import is_held
from gdrun.run_directory.metrics_csv import FILE_NAME as METRICS
from gdrun.run_directory.naming import is_name
from gdrun.run_directory.reading import read_bytes
from gdrun.run_directory.tables import Column, as_column, read_cells, read_table
from gdrun.run_directory.trajectory import TRAJECTORY
from gdrun.run_directory.weights import read_arrays

_LARGEST_TEXT = 1 << 28


class Saved:
    """What a run and a group that lie on the disk have in common.

    Attributes:
        path: of the directory.
        record: the content of run.json or group.json, which is read unless it is given.

    Raises:
        ConfigError: the directory is none of this kind.
        WeightsError: its record is damaged.
        SystemRefusedError: it can't be read.
    """

    record_name: ClassVar[str]

    def __init__(self, path: str | Path, record: Mapping[str, Any] | None = None) -> None:
        self.path = Path(path)
        if record is not None:
            self.record = dict(record)
            return
        try:
            self.record = read_record(self.path / self.record_name)
        except (FileNotFoundError, NotADirectoryError):
            raise ConfigError(
                f"{self.path} has no {self.record_name}; `gdrun runs list` shows what can be named"
            ) from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}, {self.status})"

    @property
    def id(self) -> str:
        """The name of the directory; that of a member follows that of its group and a slash."""
        return self.path.name

    @property
    def status(self) -> str:
        """`status` of the record; `interrupted` if that is `running` and no live process holds the lock."""
        status = str(self.record.get("status"))
        return "interrupted" if status == "running" and not is_held(self._locked) else status

    @property
    def _locked(self) -> Path:
        return self.path

    @property
    def reason(self) -> str | None:
        """Why it ended, in words."""
        return self.record.get("reason")

    @cached_property
    def config_text(self) -> str:
        """config.yaml as it is."""
        try:
            return read_bytes(self.path / CONFIG, _LARGEST_TEXT, self.digest_of(CONFIG)).decode()
        except (FileNotFoundError, ValueError) as error:
            raise ConfigError(f"{self.path / CONFIG} cannot be read: {error}; restore it") from error

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.yaml as plain data."""
        from gdrun.config.plain import from_node
        from gdrun.config.problems import Problems
        from gdrun.config.reader import read_text

        problems = Problems()
        root = read_text(self.config_text, str(self.path / CONFIG), problems)
        problems.raise_any()
        config = from_node(root) if root else None
        if not isinstance(config, dict):
            raise ConfigError(f"{self.path / CONFIG} holds no mapping; restore it")
        return config

    def digest_of(self, name: str) -> str | None:
        """What the record says that the SHA-256 digest of a file is; None if it says nothing."""
        found = self.record.get("files")
        digest = found.get(name) if isinstance(found, dict) else None
        return None if digest is None else str(digest)

    def column(self, table: str, name: str) -> Column:
        """One column of a CSV file, such as metrics.csv; empty where there is none."""
        try:
            cells = read_cells(self.path / table, self.digest_of(table))
        except FileNotFoundError:
            cells = {}
        return as_column(cells.get(name, ()))

    def _table(self, name: str) -> dict[str, Column]:
        try:
            return read_table(self.path / name, self.digest_of(name))
        except FileNotFoundError:
            return {}

    @property
    def report(self) -> Path:
        """Where its report.html is, or will be."""
        return self.path / REPORT

    @property
    def log(self) -> Path:
        """Where its run.log is, if anything was said."""
        return self.path / LOG


class Run(Saved):
    """A run that lies on the disk.

        run = gdrun.load("runs/20261122-061543-digits-mlp")
        run.metrics["val_loss"], run.result["test"]["accuracy"], run.weights()["layers.0.weight"]

    Args:
        path: of the run directory.
    """

    record_name = run_files.RECORD

    @property
    def _locked(self) -> Path:  # the group's lock covers its members
        is_member = self.path.parent.name == MEMBERS and not (self.path / ".lock").exists()
        return self.path.parent.parent if is_member else self.path

    @property
    def result(self) -> dict[str, Any]:
        """`best_epoch`, and loss and metrics of `train`, `validation` and `test`; empty before the end."""
        return self.record.get("result") or {}

    @cached_property
    def metrics(self) -> dict[str, Column]:
        """Column → its values, a row an evaluation; a missing value is NaN. Empty before the first row."""
        return self._table(METRICS)

    @cached_property
    def trajectory(self) -> dict[str, Column]:
        """Of a run of `gdrun minimize`: column → its values, a row a step, row 0 the start; else empty."""
        return self._table(TRAJECTORY)

    def weights(self) -> dict[str, NDArray[Any]]:
        """The arrays of weights.npz: `layers.<i>.weight` …

        Raises:
            WeightsError: there are none (yet), or they are damaged.
        """
        return read_arrays(self.path / run_files.WEIGHTS)

    def split(self) -> dict[str, NDArray[Any]]:
        """The numbers of the dataset's rows in `train`, `validation` and `test`; errors as for `weights`."""
        return read_arrays(self.path / run_files.SPLIT)

    def learning(self) -> dict[str, NDArray[Any]]:
        """The pictures of learning in learning.npz: `epochs`, and what was seen at each of them.

        Empty where there are none; errors as for `weights`.
        """
        path = self.path / run_files.LEARNING
        return read_arrays(path) if path.exists() else {}

    def predictions(self) -> dict[str, Column]:
        """`row`, `target`, `prediction`, `probability_…` on the test rows; empty where there are none."""
        return self._table(run_files.PREDICTIONS)


class Group(Saved):
    """A group of runs that lies on the disk.

    Args:
        path: of the group directory.
    """

    record_name = group_files.RECORD

    @property
    def plan(self) -> list[dict[str, Any]]:
        """An entry a run: `run` (its name) and what distinguishes it."""
        return self.record.get("plan") or []

    @cached_property
    def members(self) -> dict[str, Run]:
        """Name → run, in the order of the plan; without those that haven't begun."""
        names = [str(entry.get("run")) for entry in self.plan]
        paths = {name: self.path / MEMBERS / name for name in names if is_name(name)}
        return {name: Run(path) for name, path in paths.items() if (path / run_files.RECORD).is_file()}

    @cached_property
    def results(self) -> dict[str, Column]:
        """The columns of results.csv, a row a run; empty before the end."""
        return self._table(group_files.RESULTS)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json; empty before the end."""
        try:
            return read_json(self.path / group_files.SUMMARY, self.digest_of(group_files.SUMMARY))
        except FileNotFoundError:
            return {}


def load(path: str | Path) -> Run | Group:
    """The run or group in a directory.

    Raises:
        ConfigError: it is neither.
        WeightsError: its record is damaged.
        SystemRefusedError: it can't be read.
    """
    path = Path(path)
    return Group(path) if (path / group_files.RECORD).is_file() else Run(path)
