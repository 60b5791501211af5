"""What the directories of a run and of a group share while they are written: a lock, a record, an end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Literal, Self, get_args

from gdrun.errors import ConfigError, GdrunError, SystemRefusedError, WeightsError
from gdrun.run_directory import files
from gdrun.run_directory.environment import environment
from gdrun.run_directory.json_files import read_json, sealed, to_json
from gdrun.run_directory.lock import DirectoryLock
from gdrun.run_directory.reading import digest_of
from gdrun.run_directory.run_log import RunLogHandler

SCHEMA_VERSION = 1
CONFIG, REPORT, LOG, CHECKPOINTS, MEMBERS = "config.yaml", "report.html", "run.log", "checkpoints", "members"

Status = Literal["running", "completed", "stopped", "diverged", "interrupted", "failed"]
GOOD = ("completed", "stopped")  # of a run whose results count
FINAL = (*GOOD, "diverged")  # of a run that is never resumed


class WritableDirectory:
    """A run's or group's directory, open for writing. One process writes in it: the one that holds its lock.

    Attributes:
        path: of the directory.
        record: the content of its JSON file, in its order; change it through `set`, `restart` and `finish`.
    """

    record_name: ClassVar[str]  # of the JSON file
    fields: ClassVar[Sequence[str]]  # of the JSON file, in order; further ones come after them
    _unwritten: Mapping[Path, Mapping[str, files.Content]] = MappingProxyType({})

    def __init__(self, path: Path, record: dict[str, Any], lock: DirectoryLock | None) -> None:
        self.path = path
        self.record = record
        self._lock = lock

    @classmethod
    def _begin(cls, path: Path, lock: DirectoryLock | None, config: str, record: Mapping[str, Any]) -> Self:
        """Write config.yaml and the first record into a directory made for it."""
        directory = cls._new(path, lock, record)
        try:
            directory._note_config(config)
            files.write_atomically(path / CONFIG, config.encode())
            files.write_atomically(path / cls.record_name, directory._json())
        except BaseException:
            directory.release()
            raise
        return directory

    @classmethod
    def _new(cls, path: Path, lock: DirectoryLock | None, record: Mapping[str, Any]) -> Self:
        complete: dict[str, Any] = dict.fromkeys(cls.fields)
        complete |= {"schema_version": SCHEMA_VERSION, "status": "running", "created": now()}
        complete |= {} if "environment" in record else {"environment": environment()}
        complete["files"] = {}
        return cls(path, complete | dict(record), lock)

    def _note_config(self, config: str) -> None:
        """The record, durable only after config.yaml, vouches for it."""
        self.record["files"] = {CONFIG: digest_of(config.encode())}

    @classmethod
    def open(cls, path: Path, *, lock: bool = True) -> Self:
        """Open an existing directory for writing: to resume it, or to write its report again.

        Args:
            path: of the directory.
            lock: take its lock; False for a member of a group whose lock is held.

        Raises:
            ConfigError: it is no such directory, or a link in it leads elsewhere.
            LockedError: another process has it.
            WeightsError: its record is damaged.
            SystemRefusedError: the system said no.
        """
        if not (path / cls.record_name).is_file():
            raise ConfigError(f"{path} has no {cls.record_name}; `gdrun runs list` shows what can be named")
        for place in (path / cls.record_name, *_folders(path)):
            if place.is_symlink():
                raise ConfigError(f"{place} is a link, and gdrun writes only in real folders; remove it")
        held = DirectoryLock(path) if lock else None
        try:
            files.remove_leftovers(path)
            return cls(path, read_record(path / cls.record_name), held)
        except BaseException:
            if held:
                held.release()
            raise

    def set(self, **values: Any) -> None:
        """Set values of the record and write it.

        Raises:
            SystemRefusedError: the system said no.
        """
        self.record |= values
        files.write_atomically(self.path / self.record_name, self._json())

    def restart(self) -> None:
        """Set the status of an opened directory back to `running`, to resume it."""
        self.vouch_for_nothing_but_the_config()
        self.set(status="running", reason=None, finished=None)

    def vouch_for_nothing_but_the_config(self) -> None:
        """Forget the digests of files that are about to change."""
        known = self.record.get("files") or {}
        self.record["files"] = {name: digest for name, digest in known.items() if name == CONFIG}

    def take_unwritten(self) -> Mapping[Path, Mapping[str, files.Content]]:
        """What must be durable before the record is, directory → name → content: the caller writes it."""
        unwritten, self._unwritten = self._unwritten, {}
        return unwritten

    def _vouched_for(self, ending: Ending) -> dict[str, str]:
        """The digests of files that don't vouch for themselves: name → SHA-256."""
        names = [name for name in ending.contents if not name.endswith(".npz")]
        return {name: digest_of(ending.contents[name]) for name in names}

    def log_handler(self) -> RunLogHandler:
        """A handler that writes to run.log; the caller adds it to a logger and takes it away again."""
        return RunLogHandler(self.path / LOG)

    def write_report(self, html: str) -> None:
        """Write report.html."""
        files.write_atomically(self.path / REPORT, html.encode("utf-8", "backslashreplace"))

    def release(self) -> None:
        """Close the directory's files and free its lock; further calls do nothing."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.release()
        else:
            with contextlib.suppress(SystemRefusedError):  # the first failure is the one to tell
                self.release()

    def _json(self) -> bytes:
        content, non_finite = to_json(self.record)
        if not non_finite:
            return sealed(content)
        reason = "; ".join(filter(None, [self.record["reason"], f"not finite: {', '.join(non_finite)}"]))
        return sealed(to_json(self.record | {"reason": reason})[0])


@dataclass(frozen=True)
class Ending:
    """How a run or a group ends.

    Attributes:
        directory: of it.
        status: how it ended.
        reason: why, in words.
        contents: files that are left to be written.
        values: further values of the record.
    """

    directory: WritableDirectory
    status: Status
    reason: str | None
    contents: Mapping[str, files.Content]
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.status == "running" or self.status not in get_args(Status):
            raise GdrunError(f"{self.directory.path}: nothing ends as {self.status!r}")


def end_together(endings: Sequence[Ending], growing: Mapping[int, Path] = MappingProxyType({})) -> None:
    """Write all contents and then, durable only after them, the status of each.

    Args:
        endings: of runs or groups.
        growing: open files by descriptor, whose content is to be durable before that, too.

    Raises:
        SystemRefusedError: the system said no; the status on the disk is still `running`.
    """
    contents: dict[Path, Mapping[str, files.Content]] = {}
    for ending in endings:
        contents |= ending.directory.take_unwritten()
        if ending.contents or growing:
            path = ending.directory.path
            contents[path] = {**contents.get(path, {}), **ending.contents}
    records: dict[Path, Mapping[str, files.Content]] = {}
    for ending in endings:
        directory = ending.directory
        end = {"status": ending.status, "reason": ending.reason or None, "finished": now()}
        directory.record |= {**end, **ending.values}
        known = directory.record.get("files") or {}
        directory.record["files"] = known | directory._vouched_for(ending)
        records[directory.path] = {directory.record_name: directory._json()}
    files.write_everywhere(contents, records, growing=growing)


def read_record(path: Path) -> dict[str, Any]:
    """The content of a run.json or group.json, in a format that this gdrun knows.

    Raises:
        FileNotFoundError: there is none.
        WeightsError: it is damaged, or of a later gdrun.
        SystemRefusedError: it can't be read.
    """
    record = read_json(path, is_record=True)
    version = record.get("schema_version", SCHEMA_VERSION)
    if type(version) is not int or version < 1:
        raise WeightsError(f"{path} is damaged (schema_version {version!r}); restore it or remove the run")
    if version > SCHEMA_VERSION:
        raise WeightsError(
            f"{path} has format {version}, and this gdrun reads formats up to {SCHEMA_VERSION}; "
            "use the gdrun that wrote it, or a newer one"
        )
    return record


def _folders(path: Path) -> Iterator[Path]:
    """Where gdrun writes inside a directory, besides the directory itself."""
    for folder in (path / CHECKPOINTS, path / MEMBERS):
        yield folder
        if folder.is_dir() and not folder.is_symlink():
            yield from folder.iterdir()


def now() -> str:
    """The local time with its offset, as in `created` and `finished`."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
