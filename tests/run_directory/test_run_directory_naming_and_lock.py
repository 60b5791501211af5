from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gdrun.errors import ConfigError, LockedError, SystemRefusedError
from gdrun.run_directory import files, lock, naming
from gdrun.run_directory.growing import Appender
from gdrun.run_directory.lock import DirectoryLock, holder, is_held
from gdrun.run_directory.naming import DIRECTORY_NAME, check_name, create_directory

NOW = datetime(2026, 11, 22, 6, 15, 43, tzinfo=UTC)


def test_a_directory_is_named_by_time_and_name(tmp_path):
    runs = tmp_path / "deep" / "runs"
    assert create_directory(runs, "digits-mlp", NOW) == runs / "20261122-061543-digits-mlp"
    assert create_directory(runs, "digits-mlp", NOW).name == "20261122-061543-digits-mlp-2"
    assert create_directory(runs, "digits-mlp", NOW).name == "20261122-061543-digits-mlp-3"
    assert DIRECTORY_NAME.fullmatch(create_directory(runs, "x" * 64).name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../x", "a b", "ü", "x" * 65, "a\n", "a\0", "-\x1b[2J"]
)
def test_names_that_could_lead_elsewhere_are_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="letters, digits"):
        create_directory(tmp_path / "runs", name)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["a", "A.b_c-9", ".hidden", "x" * 64])
def test_names_that_are_fine(name):
    assert check_name(name) == name


def test_a_link_in_the_place_of_a_new_directory_is_not_followed(tmp_path):
    runs, outside = tmp_path / "runs", tmp_path / "outside"
    runs.mkdir()
    outside.mkdir()
    (runs / "20261122-061543-x").symlink_to(outside)
    assert create_directory(runs, "x", NOW).name == "20261122-061543-x-2"
    assert list(outside.iterdir()) == []


def test_a_file_in_the_place_of_the_runs_directory(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(SystemRefusedError, match=r"cannot create the folder .*runs"):
        create_directory(tmp_path / "runs" / "deep", "x")


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path):
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "metrics.csv").symlink_to(tmp_path / "outside")
    with pytest.raises(SystemRefusedError, match="it is a link"):
        Appender(tmp_path / "metrics.csv")
    files.write_atomically(tmp_path / "metrics.csv", b"gdrun's")
    assert (tmp_path / "outside").read_text() == "mine"
    assert not (tmp_path / "metrics.csv").is_symlink()


def start_one(runs: Path, names: list[str], barrier: threading.Barrier) -> None:
    barrier.wait()
    names.append(create_directory(runs, "x", NOW).name)


def test_fifty_threads_get_fifty_directories(tmp_path):
    barrier = threading.Barrier(50)
    names: list[str] = []
    with ThreadPoolExecutor(50) as pool:
        for future in [pool.submit(start_one, tmp_path / "runs", names, barrier) for _ in range(50)]:
            future.result()
    assert len(set(names)) == 50 == len(list((tmp_path / "runs").iterdir()))


def start_several(runs: str, count: int) -> list[str]:
    return [create_directory(Path(runs), "x", NOW).name for _ in range(count)]


def test_processes_get_directories_of_their_own(tmp_path):
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        both = pool.starmap(start_several, [(str(tmp_path / "runs"), 25)] * 2, chunksize=1)
    names = [name for names in both for name in names]
    assert len(set(names)) == 50 == len(list((tmp_path / "runs").iterdir()))


def test_taking_a_directory_that_exists_would_be_noticed(tmp_path, monkeypatch):
    """Negative control: looking first and making then."""

    def claim(path):
        if path.exists():
            return False
        time.sleep(0.001)
        path.mkdir(exist_ok=True)
        return True

    monkeypatch.setattr(naming, "claim_directory", claim)
    barrier = threading.Barrier(20)
    names: list[str] = []
    with ThreadPoolExecutor(20) as pool:
        for future in [pool.submit(start_one, tmp_path / "runs", names, barrier) for _ in range(20)]:
            future.result()
    assert len(set(names)) < 20


def test_the_loser_is_told_who_holds_the_lock(tmp_path):
    with DirectoryLock(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(LockedError) as error:
            DirectoryLock(tmp_path)
        assert f"{tmp_path} is in use by process {os.getpid()} on " in str(error.value)
        assert "since 20" in str(error.value)
    assert not is_held(tmp_path)
    DirectoryLock(tmp_path).release()


def test_of_many_only_one_gets_the_lock(tmp_path):
    barrier = threading.Barrier(20)
    held = []

    def take() -> None:
        barrier.wait()
        with contextlib.suppress(LockedError):
            held.append(DirectoryLock(tmp_path))

    with ThreadPoolExecutor(20) as pool:
        for future in [pool.submit(take) for _ in range(20)]:
            future.result()
    assert len(held) == 1
    held[0].release()


HOLD = """
import sys, time
from pathlib import Path
from gdrun.run_directory.lock import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_the_lock_of_a_dead_holder_is_free_at_once(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {process.pid} on"):
            DirectoryLock(tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with DirectoryLock(tmp_path):
            assert f"process {os.getpid()} " in holder(tmp_path)


def test_looking_at_a_lock_does_not_make_a_start_fail(tmp_path, monkeypatch):
    """`is_held` holds the lock for a moment."""
    DirectoryLock(tmp_path).release()
    flock = lock.fcntl.flock
    busy = [2]

    def busy_at_first(descriptor, operation):
        if busy[0]:
            busy[0] -= 1
            raise BlockingIOError
        flock(descriptor, operation)

    monkeypatch.setattr(lock.fcntl, "flock", busy_at_first)
    DirectoryLock(tmp_path).release()
    assert busy == [0]


def test_a_lock_file_that_was_replaced_meanwhile_does_not_count(tmp_path, monkeypatch):
    flock = lock.fcntl.flock

    def replaced(descriptor, operation):
        flock(descriptor, operation)
        if not (tmp_path / "moved").exists():
            (tmp_path / ".lock").rename(tmp_path / "moved")

    monkeypatch.setattr(lock.fcntl, "flock", replaced)
    with DirectoryLock(tmp_path):
        assert (tmp_path / ".lock").read_text() != ""


def test_an_unreadable_holder_is_another_process(tmp_path):
    assert holder(tmp_path) == "another process"
    (tmp_path / ".lock").write_text("\x1b[2J")
    assert holder(tmp_path) == "another process"
    (tmp_path / ".lock").write_text('{"pid": 1, "host": "\\u001b[2J", "start": "now"}')
    assert holder(tmp_path) == "process 1 on \\x1b[2J since now"
    assert not is_held(tmp_path / "missing")
