"""Groups on several workers that are killed, interrupted or run out of disk: resume does the rest.

The short form has a little of it on workers of this machine, the long form all of it many times, on Dask too.
"""

from __future__ import annotations

import contextlib
import errno
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
    kill,
    record,
    start,
    the_run,
    wait_for,
)
from cli_stopped import EXIT_CODES, FINAL, OFTEN, family, gone, kill_all, promptly, rows_of

from gdrun.experiments import group_training, tile
from gdrun.run_directory.group import GroupDirectory

COMMANDS: dict[str, tuple[str, ...]] = {
    "kfold": ("kfold", "--folds", "4", "epochs=150"),
    "sweep": ("sweep", "batch_size=16,32", "optimizer.learning_rate=log(1e-3,1e-1,2)", "epochs=150"),
    "compare-optimizers": (
        *("compare-optimizers", "--optimizers", "sgd,adam", "--trials", "3", "--seeds", "6", "epochs=60"),
    ),
}
ENGINES = {"workers": ("--workers", "2"), "dask": ("--engine", "dask")}
LONG = [
    pytest.param(command, engine, turns, marks=pytest.mark.slow, id=f"{command}-{engine}-{turns}")
    for engine, turns in (("workers", 12), ("dask", 6))
    for command in COMMANDS
]
ONCE = pytest.param("kfold", "workers", 1, id="kfold")
HOW = [
    pytest.param("kfold", "workers", 1, "killed", id="kfold-killed"),
    pytest.param("sweep", "workers", 1, "interrupted", id="sweep-interrupted"),
    *(
        pytest.param(*one.values, how, marks=pytest.mark.slow, id=f"{one.id}-{how}")
        for one in LONG
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


def stopped(process: subprocess.Popen[str], folder: Path, how: str, turn: int, aim: int) -> bool:
    """Stop a command once there are so many rows of metrics; False if it had come to its end by then."""
    while rows_of(folder) < aim and process.poll() is None:
        time.sleep(0.005)
    members = family(process.pid)
    if how == "killed":
        (kill_all if turn % 2 else kill)(process)  # then its workers end by themselves
        going = "running"
    else:
        number = list(EXIT_CODES)[turn % len(EXIT_CODES)]
        process.send_signal(number)
        answer = finish(process, within=promptly())
        assert answer.code in (0, EXIT_CODES[number]), answer
        assert "Traceback" not in answer.err
        going = "interrupted"
    gone(members)
    path = the_run(folder / "runs", "group")
    status = record(path)["status"]
    assert status in (going, "completed")
    if how == "interrupted":
        assert {record(member)["status"] for member in (path / "members").iterdir()} <= {going, *FINAL}
    return bool(status == going)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("command", "engine", "turns", "how"), HOW)
def test_a_group_goes_on_to_the_same_bits(
    tmp_path: Path, expected: dict[str, Any], command: str, engine: str, turns: int, how: str
) -> None:
    """Stopped at a random moment, half of the resumes too, and then left alone."""
    count = 0
    for turn in range(turns):
        chance = random.Random(turn)
        folder = tmp_path / str(turn)
        aim = 10 if turns == 1 else chance.randrange(1, 400)
        count += stopped(begin(command, engine, folder), folder, how, turn, aim)
        path = the_run(folder / "runs", "group")
        if turns > 1 and chance.random() < 0.5:
            again = start("resume", path, "-q", *ENGINES[engine])
            count += stopped(again, folder, how, turn + 1, rows_of(folder) + chance.randrange(1, 100))
        resumed(path, expected[command])
    print(f"{command}, {engine}: {how} {count} times in {turns} turns, seeds 0 to {turns - 1}")
    assert count >= turns // 2 + turns % 2


FULL = """
import os
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
        due = FullDisk.count >= {at} if {for_good} else FullDisk.count == {at}
        if due and not Path({freed!r}).exists():
            os.write(descriptor, bytes(data)[:len(data) // 2])
            raise OSError({number}, os.strerror({number}))
        return super().write(descriptor, data)

if Path({started!r}).exists():  # not in the process of the tests
    files.disk = FullDisk()
"""


FAULTS = [
    (number, for_good) for for_good in (True, False) for number in (errno.ENOSPC, errno.EIO, errno.EACCES)
]


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("command", "engine", "turns"), [ONCE, *LONG])
def test_a_group_that_may_not_write_goes_on_when_it_may_again(
    tmp_path: Path, expected: dict[str, Any], command: str, engine: str, turns: int
) -> None:
    """In every process, those of workers too, writing fails at some moment, or from it on."""
    refused = 0
    for turn in range(turns):
        chance = random.Random(turn)
        folder = tmp_path / str(turn)
        folder.mkdir()
        plugin, freed, started = (folder / name for name in ("plugin.py", "freed", "started"))
        number, for_good = FAULTS[turn % len(FAULTS)]
        words = {"number": number, "for_good": for_good, "freed": str(freed), "started": str(started)}
        at = 40 if turns == 1 else chance.randrange(1, 200)
        plugin.write_text(FULL.format(name=f"Descent{turn}{abs(hash(folder))}", at=at, **words))
        started.touch()
        answer = finish(begin(command, engine, folder, "--plugin", plugin), within=120)
        started.unlink()
        freed.touch()
        assert "Traceback" not in answer.err
        if answer.code:
            refused += 1
            assert answer.code in (7, 8), answer
            assert f": {os.strerror(number)}; " in answer.err
        for path in (folder / "runs").glob("*-group"):
            if (path / "group.json").exists():
                resumed(path, expected[command])
    print(f"{command}, {engine}: refused {refused} times in {turns} turns, seeds 0 to {turns - 1}")
    assert refused >= turns // 2 + turns % 2


def reaped(process: subprocess.Popen[str], seconds: float, chance: random.Random) -> Iterator[int]:
    """Kill a worker every so many seconds, as long as the process lives."""
    while process.poll() is None:
        with contextlib.suppress(IndexError, ProcessLookupError):
            victim = chance.choice([pid for pid in family(process.pid) if is_worker(pid)])
            os.kill(victim, signal.SIGKILL)
            yield victim
        time.sleep(seconds)


def is_worker(pid: int) -> bool:
    """Whether a process does tasks, in the pool or for Dask; it may be about to do so."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        return b"gdrun.engines.worker" in words or b"spawn_main" in words
    return False


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("engine", list(ENGINES))
@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_worker_killed_every_second_costs_nothing(
    tmp_path: Path, expected: dict[str, Any], command: str, engine: str
) -> None:
    """The group ends, or blames the runs that were unlucky three times and again alone; never a hang."""
    killed = blamed = 0
    for seed in range(8):
        folder = tmp_path / str(seed)
        process = begin(command, engine, folder)
        wait_for(lambda inside=folder: rows_of(inside), process)
        killed += len(list(reaped(process, 1.0, random.Random(seed))))
        answer = finish(process)
        path = the_run(folder / "runs", "group")
        assert "Traceback" not in answer.err
        if answer.code:
            blamed += 1
            assert answer.code in (7, 8), answer
            assert "died 3 times in a row" in answer.err
            resumed(path, expected[command])
        assert group_bits(path) == expected[command]
    print(f"{command}, {engine}: {killed} workers killed, seeds 0 to 7, {blamed} groups that blamed a run")
    assert killed >= 8


@pytest.mark.parametrize("command", ["kfold"])
def test_one_worker_that_is_killed_costs_nothing(
    tmp_path: Path, expected: dict[str, Any], command: str
) -> None:
    process = begin(command, "workers", tmp_path / "group")
    wait_for(lambda: rows_of(tmp_path / "group") >= 10, process)
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
    monkeypatch.setattr(group_training, "records_if_ended", lambda specs: None)
    monkeypatch.setattr(tile, "FINAL", ())
    with pytest.raises(AssertionError):
        resumed(path, expected["kfold"])
