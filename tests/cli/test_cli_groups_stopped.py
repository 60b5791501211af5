"""Groups on several workers that are killed, interrupted or run out of disk: resume does the rest.

Comparisons have such tests of their own, and so has a cluster; the long form has all of them, many times.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_commands import (
    child_processes,
    config_file,
    finish,
    gdrun,
    group_bits,
    is_alive,
    kill,
    record,
    start,
    the_run,
    wait_for,
)

from gdrun.experiments import carrying_out, tile
from gdrun.run_directory.group import GroupDirectory

COMMANDS: dict[str, tuple[str, ...]] = {
    "kfold": ("kfold", "--folds", "4", "epochs=150"),
    "sweep": ("sweep", "batch_size=16,32", "optimizer.learning_rate=log(1e-3,1e-1,2)", "epochs=150"),
    "compare-optimizers": (
        *("compare-optimizers", "--optimizers", "sgd,adam", "--trials", "3", "--seeds", "6", "epochs=60"),
    ),
}
ENGINES = {"workers": ("--workers", "2"), "dask": ("--engine", "dask")}
OFTEN = "checkpoint: {min_seconds: 0}\n"
FINAL = ("completed", "stopped", "diverged")

SLOW = pytest.mark.slow
MANY = [
    pytest.param(command, engine, turns, marks=SLOW, id=f"{command}-{engine}-{turns}")
    for engine, turns in (("workers", 10), ("dask", 3))
    for command in COMMANDS
]
ONCE = pytest.param("kfold", "workers", 1, id="kfold")
HOW = [
    pytest.param("kfold", "workers", 1, "killed", id="kfold-killed"),
    pytest.param("sweep", "workers", 1, "interrupted", id="sweep-interrupted"),
    *(
        pytest.param(*one.values, how, marks=SLOW, id=f"{one.id}-{how}")
        for one in MANY
        for how in ("killed", "interrupted")
    ),
]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Command → what it leaves if nobody disturbs it; filled when it is asked for."""
    return Expected(tmp_path_factory)


class Expected(dict[str, Any]):
    def __init__(self, factory: pytest.TempPathFactory) -> None:
        super().__init__()
        self.factory = factory

    def __missing__(self, command: str) -> Any:
        folder = self.factory.mktemp(command)
        name, *words = COMMANDS[command]
        config = config_file(folder, "group", OFTEN)
        assert gdrun(name, config, *words, "--workers", "1", "--runs-dir", folder, "-q").code == 0
        self[command] = group_bits(the_run(folder, "group"))
        return self[command]


def begin(command: str, engine: str, folder: Path, *more: object) -> subprocess.Popen[str]:
    """Start a command whose group will lie under the folder."""
    folder.mkdir(exist_ok=True)
    name, *words = COMMANDS[command]
    config = config_file(folder, "group", OFTEN)
    return start(name, config, *words, *ENGINES[engine], "--runs-dir", folder / "runs", "-q", *more)


def rows(folder: Path) -> int:
    """Rows of all metrics so far."""
    total = 0
    for file in (folder / "runs").glob("*/members/*/metrics.csv"):
        with contextlib.suppress(FileNotFoundError):
            total += file.read_bytes().count(b"\n")
    return total


def family(pid: int) -> list[int]:
    """The processes that descend from one."""
    children = child_processes(pid)
    return [*children, *(one for child in children for one in family(child))]


def ended_members(path: Path) -> dict[str, tuple[int, int]]:
    """The members that have ended for good, and when their record was written."""
    found = {}
    for member in (path / "members").iterdir() if (path / "members").is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if record(member)["status"] in FINAL:
                stat = (member / "run.json").stat()
                found[member.name] = (stat.st_ino, stat.st_mtime_ns)
    return found


def resumed(path: Path, expected: Any) -> None:
    """Resume it; nothing that was complete is done again, and all is as if nobody had disturbed it."""
    before = ended_members(path)
    answer = gdrun("resume", path, "-q", "--workers", "1")
    assert answer.code == 0, answer
    assert {name: time for name, time in ended_members(path).items() if name in before} == before
    assert group_bits(path) == expected
    assert not list(path.rglob("*.tmp"))
    assert not list(path.rglob("*.checkpoint"))


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("command", "engine", "turns", "how"), HOW)
def test_a_group_goes_on_to_the_same_bits(
    tmp_path: Path, expected: dict[str, Any], command: str, engine: str, turns: int, how: str
) -> None:
    chance = random.Random(turns)
    stopped = 0
    for turn in range(turns):
        folder = tmp_path / str(turn)
        process = begin(command, engine, folder)
        aim = 10 if turns == 1 else chance.randrange(1, 500)
        while rows(folder) < aim and process.poll() is None:
            time.sleep(0.005)
        members = family(process.pid)
        if how == "killed":
            kill(process)
        else:
            process.send_signal(chance.choice((signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)))
            answer = finish(process)
            assert answer.code in (0, 130, 143), answer
            assert "Traceback" not in answer.err
        wait_for(lambda those=members: not any(map(is_alive, those)), seconds=30)
        path = the_run(folder / "runs", "group")
        stopped += record(path)["status"] in ("running", "interrupted")
        resumed(path, expected[command])
    print(f"{command}, {engine}: {how} {stopped} times in {turns} turns")
    assert stopped


FULL = """
import errno, os
from dataclasses import dataclass
from pathlib import Path
from gdrun.optim.sgd import Sgd
from gdrun.run_directory import files

@dataclass(frozen=True)
class {name}(Sgd):
    "Descent, since a plugin has to bring something."

class FullDisk(files.Disk):
    count = 0

    def write(self, descriptor, data):
        FullDisk.count += 1
        if FullDisk.count >= {at} and not Path({freed!r}).exists():
            os.write(descriptor, bytes(data)[:len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(descriptor, data)

if Path({started!r}).exists():  # not in the process of the tests
    files.disk = FullDisk()
"""


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("command", "engine", "turns"), [ONCE, *MANY])
def test_a_group_whose_disk_is_full_goes_on_when_there_is_space(
    tmp_path: Path, expected: dict[str, Any], command: str, engine: str, turns: int
) -> None:
    """In every process, those of workers too, writing fails from some moment on."""
    chance = random.Random(turns)
    for turn in range(turns):
        folder = tmp_path / str(turn)
        folder.mkdir()
        plugin, freed, started = (folder / name for name in ("plugin.py", "freed", "started"))
        name = f"Descent{turn}{abs(hash(folder))}"
        at = 40 if turns == 1 else chance.randrange(1, 200)
        plugin.write_text(FULL.format(name=name, at=at, freed=str(freed), started=str(started)))
        started.touch()
        answer = finish(begin(command, engine, folder, "--plugin", plugin), within=120)
        started.unlink()
        freed.touch()
        assert "Traceback" not in answer.err
        found = list((folder / "runs").glob("*-group"))
        if answer.code:
            assert answer.code in (7, 8), answer
            assert "No space left on device; free some space, then go on with `gdrun resume`" in answer.err
        for path in found:
            if (path / "group.json").exists():
                resumed(path, expected[command])


def reaped(process: subprocess.Popen[str], seconds: float, chance: random.Random) -> Iterator[int]:
    """Kill a worker every so many seconds, as long as the process lives."""
    while process.poll() is None:
        time.sleep(seconds)
        workers = [pid for pid in family(process.pid) if not child_processes(pid)]
        if workers:
            victim = chance.choice(workers)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            yield victim


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("engine", list(ENGINES))
@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_worker_killed_every_second_costs_nothing(
    tmp_path: Path, expected: dict[str, Any], command: str, engine: str
) -> None:
    """The group ends, or blames the runs that were unlucky three times and again alone; never a hang."""
    process = begin(command, engine, tmp_path / "group")
    killed = len(list(reaped(process, 1.0, random.Random(1))))
    answer = finish(process)
    path = the_run(tmp_path / "group" / "runs", "group")
    print(f"{command}, {engine}: {killed} workers killed, exit code {answer.code}")
    assert killed >= 1
    assert "Traceback" not in answer.err
    if answer.code:
        assert answer.code in (7, 8), answer
        resumed(path, expected[command])
    assert group_bits(path) == expected[command]


@pytest.mark.parametrize("command", ["kfold"])
def test_one_worker_that_is_killed_costs_nothing(
    tmp_path: Path, expected: dict[str, Any], command: str
) -> None:
    process = begin(command, "workers", tmp_path / "group")
    wait_for(lambda: rows(tmp_path / "group") >= 10, process)
    os.kill(child_processes(process.pid)[0], signal.SIGKILL)
    answer = finish(process)
    assert answer.code == 0, answer
    assert group_bits(the_run(tmp_path / "group" / "runs", "group")) == expected[command]


def test_training_again_what_is_complete_would_be_noticed(
    tmp_path: Path, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a resume that doesn't look which runs have ended."""
    name, *words = COMMANDS["kfold"]
    config = config_file(tmp_path, "group", OFTEN)
    assert gdrun(name, config, *words, "--workers", "1", "--runs-dir", tmp_path, "-q").code == 0
    path = the_run(tmp_path, "group")
    with GroupDirectory.open(path) as group:
        group.restart()
    resumed(path, expected["kfold"])
    with GroupDirectory.open(path) as group:
        group.restart()
    monkeypatch.setattr(carrying_out, "records_if_ended", lambda specs: None)
    monkeypatch.setattr(tile, "FINAL", ())
    with pytest.raises(AssertionError):
        resumed(path, expected["kfold"])
