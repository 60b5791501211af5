"""metrics.csv: a row an evaluation, appended as training goes on."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gdrun.errors import WeightsError
from gdrun.run_directory.growing import Appender, note_synced, sync_together, unsynced
from gdrun.run_directory.reading import read_bytes
from gdrun.run_directory.tables import cell, guarded

FILE_NAME = "metrics.csv"
_FOREIGN = "it doesn't belong to the checkpoint; start the run again"


def metrics_columns(metrics: Sequence[str], further: Sequence[str] = ()) -> list[str]:
    """The columns of metrics.csv, in order.

    Args:
        metrics: names of the metrics of the task, without the loss.
        further: columns of one's own, after the fixed ones.
    """
    quantities = ["loss", *metrics]
    return [
        *("epoch", "step", "learning_rate"),
        *(f"train_{name}" for name in quantities),
        *(f"val_{name}" for name in quantities),
        *("gradient_norm", "seconds"),
        *further,
    ]


class MetricsFile:
    """The metrics.csv of a run that is being trained.

    Every row is one write, so that a reader doesn't see half a row; `sync` makes the rows so far outlive a
    power loss. A new file gets its header at once.

    Args:
        path: of the file.
        columns: of its header; see `metrics_columns`.
        keep: on resume, the length in bytes that the checkpoint tells: rows after it are cut off, to be
            computed again to the same bits. None starts the file anew.
        digest: what `MetricsFile.digest` said at that length, if that is known.

    Raises:
        WeightsError: the file is shorter than `keep`, is damaged before that, or has other columns.
        SystemRefusedError: the system said no.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], keep: int | None = None, digest: str | None = None
    ) -> None:
        self.columns = tuple(columns)
        header = (",".join(guarded(column) for column in columns) + "\n").encode()
        try:
            self._file = Appender(path, keep=keep or 0)
        except ValueError as error:
            raise WeightsError(f"{error}; {_FOREIGN}") from error
        try:
            content = read_bytes(path, keep) if keep else b""
            self._sha256 = hashlib.sha256(content)
            if not keep:
                self._append(header)
            elif digest is not None and self.digest != digest:
                raise WeightsError(f"{path} is damaged (its SHA-256 digest differs); {_FOREIGN}")
            elif content[: len(header)] != header:
                raise WeightsError(f"{path} has other columns than the run; {_FOREIGN}")
        except BaseException:
            self._file.abandon()
            raise

    @property
    def length(self) -> int:
        """Bytes in the file, for the checkpoint."""
        return self._file.length

    @property
    def digest(self) -> str:
        """The SHA-256 digest of what is in the file, for the checkpoint."""
        return self._sha256.hexdigest()

    def append(self, row: Sequence[Any]) -> None:
        """Append a row: a number a column, or None where there is no value.

        Raises:
            SystemRefusedError: the system said no; the file ends with the row before.
            ValueError: not one value a column.
        """
        if len(row) != len(self.columns):
            raise ValueError(f"a row of {len(row)} values for {len(self.columns)} columns")
        self._append((",".join([cell(value) for value in row]) + "\n").encode())

    def _append(self, line: bytes) -> None:
        self._file.append(line)
        self._sha256.update(line)

    def sync(self) -> None:
        """Make all rows so far outlive a power loss."""
        self._file.sync()

    def close(self) -> None:
        """Make all rows durable and close the file; a further row opens it again."""
        try:
            self.sync()
        finally:
            self._file.close()


@contextlib.contextmanager
def synced_on_the_way(metrics: Sequence[MetricsFile]) -> Iterator[dict[int, Path]]:
    """Descriptors of files that are durable, with their directories, when this ends; then they are closed.

    Raises:
        SystemRefusedError: the system said no.
    """
    growing = [one._file for one in metrics]
    if len(growing) > Appender.MOST_OPEN:
        sync_together(growing)
    yield unsynced(growing)
    note_synced(growing)
    for one in metrics:
        one.close()


def sync_metrics(metrics: Iterable[MetricsFile]) -> None:
    """`MetricsFile.sync` of several files at the same time."""
    sync_together([one._file for one in metrics])
