"""Commands on a disk that stops or says no, at every operation: `gdrun resume` then ends with the same bits.

The short form takes some of the operations, the long form all of a run and more of a group.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "run_directory"))

import short_run
from cli_commands import Answer, bits, gdrun, group_bits, the_run

from gdrun.errors import SystemRefusedError
from gdrun.experiments import tile, writer
from gdrun.run_directory import checkpoints, files
from gdrun.run_directory.growing import Appender

CONFIG = """
name: tiny
dataset: {name: blobs, rows: 60, centers: 3}
model: {name: mlp, hidden: [4], dropout: 0.1}
batch_size: 16
epochs: 3
checkpoint: {min_seconds: 0}
"""
COMMANDS: dict[str, tuple[str, ...]] = {
    "run": ("train",),
    "seeds": ("train", "--seeds", "3"),
    "kfold": ("kfold", "--folds", "3"),
    "sweep": ("sweep", "batch_size=8,16"),
    "comparison": ("compare-optimizers", "--optimizers", "sgd,adam", "--trials", "2", "--seeds", "6"),
}
SHORT = {"run": 30, "seeds": 5, "kfold": 5, "sweep": 5, "comparison": 2}
LONG = {"run": 10_000, "seeds": 60, "kfold": 60, "sweep": 60, "comparison": 12}
FAULTS = [
    (number, for_good) for number in (errno.ENOSPC, errno.EIO, errno.EACCES) for for_good in (False, True)
]


def form(counts: dict[str, int], *marks: Any) -> list[Any]:
    length = "all" if marks else "some"
    return [pytest.param(name, n, marks=marks, id=f"{name}-{length}") for name, n in counts.items()]


def carry_out(command: str, folder: Path) -> Answer:
    """A command on the small config, in this process."""
    folder.mkdir(exist_ok=True)
    (folder / "tiny.yaml").write_text(CONFIG)
    name, *words = COMMANDS[command]
    return gdrun(name, folder / "tiny.yaml", *words, "--workers", "1", "--runs-dir", folder / "runs", "-q")


def outcome(path: Path) -> dict[str, Any]:
    """All of a run or group that doesn't depend on how it was computed."""
    assert (path / "report.html").is_file()
    assert not list(path.rglob("*.tmp"))
    assert not list(path.rglob("*.checkpoint"))
    return group_bits(path) if (path / "group.json").exists() else bits(path)


class Undisturbed:
    """Per command: what it leaves, and how many operations it takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, tuple[dict[str, Any], int]] = {}

    def __call__(self, command: str) -> tuple[dict[str, Any], int]:
        if command not in self.known:
            disk = short_run.CountingDisk()
            with on(disk):
                assert carry_out(command, self.folder / command).code == 0
            self.known[command] = outcome(the_run(self.folder / command / "runs", "tiny")), disk.count
        return self.known[command]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@contextlib.contextmanager
def on(disk: files.Disk) -> Iterator[None]:
    """While this lasts, files are written to another disk."""
    real = files.disk
    files.disk = disk
    try:
        yield
    finally:
        files.disk = real
        for descriptor in Appender._open.values():  # of what was killed
            os.close(descriptor)
        Appender._open.clear()


def moments(operations: int, count: int) -> list[int]:
    """Numbers of operations, evenly spread, or all; those between them are the long form's."""
    return sorted(
        {1 + place * operations // count for place in range(count)}
        if count < operations
        else set(range(1, operations + 1))
    )


def started(folder: Path) -> Path | None:
    """The directory, if the start came so far as to say what it is."""
    found = list((folder / "runs").glob("*-tiny"))
    assert len(found) <= 1
    named = [path for path in found if (path / "run.json").exists() or (path / "group.json").exists()]
    return named[0] if named else None


def wrong_after(folder: Path, expected: dict[str, Any]) -> list[str]:
    """What is wrong once the disk is well again and the run is resumed."""
    path = started(folder)
    if path is None:
        return []
    try:
        again = gdrun("resume", path, "-q")
        if again.code != 0:
            return [f"resuming: {again.err}"]
        return [] if outcome(path) == expected else ["other bits"]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def killed_at(at: int, command: str, folder: Path, expected: dict[str, Any]) -> list[str]:
    """What is wrong after a process ended at an operation, half of it done."""
    with contextlib.suppress(short_run.Killed), on(short_run.DyingDisk(at)):
        carry_out(command, folder)
        return ["it lives"]
    with on(short_run.HastyDisk()):
        return wrong_after(folder, expected)


def refused_at(
    at: int, command: str, folder: Path, expected: dict[str, Any], fault: tuple[int, bool]
) -> list[str]:
    """What is wrong after the system said no to an operation, and after it says yes again."""
    number, for_good = fault
    with on(short_run.FailingDisk(at, number, for_good=for_good)):
        answer = carry_out(command, folder)
    wrong = []
    if answer.code == 0:  # not noticed: then nothing may be missing
        path = started(folder)
        if for_good or path is None or outcome(path) != expected:
            wrong.append("exit code 0, and something is missing")
    elif answer.code == 8:
        wrong += [] if "cannot " in answer.err and "runs failed" in answer.err else [answer.err]
    elif answer.code != 7 or not answer.err.startswith("gdrun: cannot ") or answer.err.count("\n") > 2:
        wrong.append(f"exit code {answer.code}: {answer.err}")
    if str(folder) not in answer.err and answer.code:
        wrong.append(f"no place is named: {answer.err}")
    with on(short_run.HastyDisk()):
        return wrong + wrong_after(folder, expected)


def everywhere(
    fail: Callable[..., list[str]],
    command: str,
    count: int,
    folder: Path,
    undisturbed: Undisturbed,
    *more: Any,
) -> Iterator[list[str]]:
    """What is wrong at each of some operations; prints how many."""
    expected, operations = undisturbed(command)
    chosen = moments(operations, count)
    print(f"{command}: {len(chosen)} of {operations} operations")
    for place, at in enumerate(chosen):
        target = folder / f"at-{at}"
        further = [options[place % len(options)] for options in more]
        wrong = fail(at, command, target, expected, *further)
        shutil.rmtree(target)
        yield from (f"operation {at}, {further}: {one}" for one in wrong)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("command", "count"), form(SHORT) + form(LONG, pytest.mark.slow))
def test_a_kill_at_an_operation_costs_nothing(
    tmp_path: Path, undisturbed: Undisturbed, command: str, count: int
) -> None:
    assert list(everywhere(killed_at, command, count, tmp_path, undisturbed)) == []


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("command", "count"), form(SHORT) + form(LONG, pytest.mark.slow))
def test_a_refusal_of_an_operation_is_told_and_costs_nothing(
    tmp_path: Path, undisturbed: Undisturbed, command: str, count: int
) -> None:
    assert list(everywhere(refused_at, command, count, tmp_path, undisturbed, FAULTS)) == []


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{errno.errorcode[fault[0]]}-{fault[1]}")
def test_every_refusal_of_every_operation_of_a_run(
    tmp_path: Path, undisturbed: Undisturbed, fault: tuple[int, bool]
) -> None:
    assert list(everywhere(refused_at, "run", 10_000, tmp_path, undisturbed, [fault])) == []


def test_a_run_that_starts_over_its_metrics_would_be_noticed(
    tmp_path: Path, undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a resume that forgets to cut metrics.csv to what the checkpoint says."""
    undisturbed("run")
    metrics = writer.RunDirectory.metrics

    def uncut(self: Any, columns: Any, keep: Any = None, digest: Any = None) -> Any:
        place = self.path / "metrics.csv"
        return metrics(self, columns, place.stat().st_size if keep else None)

    monkeypatch.setattr(writer.RunDirectory, "metrics", uncut)
    assert next(everywhere(killed_at, "run", 60, tmp_path, undisturbed), None)


def test_a_checkpoint_written_in_place_would_be_noticed(
    tmp_path: Path, undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without a temporary name and a digest, half a checkpoint is taken for a whole one."""
    undisturbed("run")

    def in_place(path: Path, content: Any) -> None:
        files.disk.close(files._write_new(path, content))

    monkeypatch.setattr(checkpoints, "write_atomically", in_place)
    monkeypatch.setattr(tile.Checkpoints, "paths", lambda self: sorted(self.directory.glob("*"))[-1:])
    assert next(everywhere(killed_at, "run", 60, tmp_path, undisturbed), None)


def test_an_error_that_is_passed_over_would_be_noticed(
    tmp_path: Path, undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: weights, predictions and status that could not be written, and nobody says so."""
    undisturbed("run")
    write = files.write_everywhere

    def carefree(*turns: Any, **further: Any) -> None:
        with contextlib.suppress(SystemRefusedError):
            write(*turns, **further)

    monkeypatch.setattr(files, "write_everywhere", carefree)
    assert next(everywhere(refused_at, "run", 40, tmp_path, undisturbed, FAULTS), None)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB, full but for a few pages: real, where this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        words = ["mount", "-t", "tmpfs", "-o", "size=1m", "gdrun-test", str(place)]
        mounted = subprocess.run(words, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"this process may not mount a file system: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("pages", [1, 4, *(pytest.param(n, marks=pytest.mark.slow) for n in range(8, 64, 5))])
@pytest.mark.parametrize("command", ["run", "kfold"])
def test_a_disk_that_is_really_full(
    small_disk: Path, undisturbed: Undisturbed, command: str, pages: int
) -> None:
    expected, _ = undisturbed(command)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        file.truncate(ballast.stat().st_size - 4096 * (pages + 2))  # two for the config
    answer = carry_out(command, small_disk / "work")
    path = started(small_disk / "work")
    if answer.code == 0:
        assert path is not None
        assert outcome(path) == expected
        return
    assert answer.code in (7, 8), answer
    assert "No space left on device; free some space" in answer.err
    ballast.unlink()
    if command == "kfold":  # which needs more than the small disk has
        shutil.move(small_disk / "work", small_disk.parent / "work")
        path = started(small_disk.parent / "work")
    assert path is None or not wrong_after(path.parents[1], expected)
