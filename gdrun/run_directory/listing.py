"""What is under a runs directory: the list, and which run is meant by an argument."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdrun.errors import ConfigError, GdrunError
from gdrun.run_directory import group as group_files
from gdrun.run_directory import run as run_files
from gdrun.run_directory.naming import DIRECTORY_NAME
from gdrun.run_directory.refusal import refusal
from gdrun.run_directory.store import Group, Run, load
from gdrun.text import printable

LATEST = "latest"
_TIME = len("YYYYMMDD-HHMMSS")
_SHOWN = 5


@dataclass(frozen=True)
class Entry:
    """One directory under a runs directory.

    Attributes:
        path: of the directory; its name is the id.
        saved: the run or group; None if it is damaged.
        status: of the run or group, or "damaged".
        problem: what is damaged.
    """

    path: Path
    saved: Run | Group | None
    status: str
    problem: str | None = None

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def kind(self) -> str:
        """ "run" or "group"; "" if it is damaged."""
        return "" if self.saved is None else "run" if isinstance(self.saved, Run) else "group"

    @property
    def record(self) -> dict[str, Any]:
        """The content of run.json or group.json; empty if it is damaged."""
        return self.saved.record if self.saved else {}


def list_runs(runs_directory: Path) -> list[Entry]:
    """All runs and groups, by name and so by time; only their records are read. No directory, no runs.

    Raises:
        SystemRefusedError: the directory can't be read.
    """
    return [entry_of(path) for path in sorted(run_paths(runs_directory))]


def entry_of(path: Path) -> Entry:
    """The entry of one directory, whatever its state."""
    try:
        saved = load(path)
        return Entry(path, saved, saved.status)
    except GdrunError as error:
        return Entry(path, None, "damaged", str(error))


def run_paths(runs_directory: Path) -> Iterator[Path]:
    """The directories of runs and groups, those of starts that were cut short too; links are left out."""
    if not runs_directory.is_dir():
        return
    with refusal("read", runs_directory), os.scandir(runs_directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                path = runs_directory / entry.name
                if DIRECTORY_NAME.fullmatch(entry.name) or _has_record(path):
                    yield path


def resolve(argument: str, runs_directory: Path) -> Path:
    """The directory that a RUN argument means.

    It may be `latest`, an id or the beginning of one that no other shares, the same followed by a slash and a
    member's name, or a path.

    Raises:
        ConfigError: it means nothing, or several; the message names the nearest.
    """
    if argument == LATEST:
        return _latest(runs_directory)
    if "\0" in argument or not argument:
        raise ConfigError(f"{argument!r} names no run; `gdrun runs list` shows what can be named")
    path = Path(argument)
    if os.sep in argument and _has_record(path):
        return path
    paths = {path.name: path for path in run_paths(runs_directory)}
    group, _, member = argument.partition("/")
    found = _by_beginning(group, paths)
    if found and member:
        members = found / "members"
        names = {name: members / name for name in (os.listdir(members) if members.is_dir() else [])}  # noqa: PTH208
        found = _by_beginning(member, names)
    if found:
        return found
    if _has_record(path):
        return path
    raise ConfigError(f"{_shown(argument)} names no run under {runs_directory}{_nearest(group, list(paths))}")


def _by_beginning(text: str, paths: dict[str, Path]) -> Path | None:
    if text in paths:
        return paths[text]
    names = sorted(name for name in paths if name.startswith(text))
    if len(names) > 1:
        shown = ", ".join([*map(_shown, names[:_SHOWN]), *(["…"] if len(names) > _SHOWN else [])])
        raise ConfigError(f"{_shown(text)} may be any of {len(names)} runs ({shown}); write more of the name")
    return paths[names[0]] if names else None


def _nearest(text: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    by_name = {name[_TIME + 1 :] if DIRECTORY_NAME.fullmatch(name) else name: name for name in sorted(names)}
    near = get_close_matches(text, names, 3) or [
        by_name[name] for name in get_close_matches(text, by_name, 3, 0.5)
    ]
    if near:
        return f"; did you mean {' or '.join(map(_shown, near))}?"
    return "; `gdrun runs list` shows what can be named" if names else ", where there are no runs yet"


def _latest(runs_directory: Path) -> Path:
    """By the time in the name; several of one second are told apart by their records."""
    paths = sorted(run_paths(runs_directory), key=lambda path: path.name[:_TIME], reverse=True)
    paths = [path for path in paths if DIRECTORY_NAME.fullmatch(path.name)]
    while paths:
        second = [path for path in paths if path.name[:_TIME] == paths[0].name[:_TIME]]
        entries = [entry for entry in map(entry_of, second) if entry.saved]
        if entries:
            return max(entries, key=lambda entry: (str(entry.record.get("created")), entry.id)).path
        paths = paths[len(second) :]
    raise ConfigError(f"there is no run under {runs_directory} yet; `gdrun train` makes one")


def _has_record(path: Path) -> bool:
    return (path / run_files.RECORD).is_file() or (path / group_files.RECORD).is_file()


def _shown(text: str) -> str:
    return printable(text, one_line=True)
