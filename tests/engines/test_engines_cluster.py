"""Tasks on a real Dask cluster: the same as in the pool, whatever becomes of its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
from dask_processes import scheduler, two_workers, wait_for_workers, worker
from engine_tasks import one_by_one, outcomes, pids, tasks, tries, wait_for_the_end_of, work

from gdrun.engines import cluster, cluster_executor, cluster_worker
from gdrun.engines.cluster import Cluster, number_of_workers
from gdrun.engines.engine import TRIES, Engine
from gdrun.engines.interruption import Interruption
from gdrun.errors import ConfigError, DataError, GdrunError, StoppedError, SystemRefusedError, WorkerDiedError


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two worker processes, which are started again when they die."""
    with two_workers(tmp_path_factory.mktemp("dask")) as address:
        yield Cluster(address)


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.01)


def test_results_and_exceptions_come_in_the_order_of_the_tasks(tmp_path: Path, dask: Cluster) -> None:
    kinds = ("plain", "wrong", "awkward", "unpicklable result", "talkative", *["plain"] * 5)
    found, told = outcomes(tasks(tmp_path, *kinds), 2, cluster=dask)
    assert found[:1] + found[4:] == [0, 16, 25, 36, 49, 64, 81]
    assert isinstance(found[1], DataError)
    assert str(found[1]) == "row 3 is no number; correct it"
    assert "engine_tasks.py" in "".join(found[1].__notes__)
    for error, words in ((found[2], "AwkwardError: one and two"), (found[3], "function")):
        assert isinstance(error, GdrunError)
        assert words in str(error)
    assert len(told) == len(kinds) + 2000
    assert len(pids(tmp_path)) == 2
    assert os.getpid() not in pids(tmp_path)


def test_one_task_goes_there_too(tmp_path: Path, dask: Cluster) -> None:
    assert outcomes(tasks(tmp_path, "plain"), 1, cluster=dask)[0] == [0]
    assert os.getpid() not in pids(tmp_path)


def test_the_tasks_that_kill_their_workers_are_blamed_and_no_others(tmp_path: Path, dask: Cluster) -> None:
    these = tasks(tmp_path, "plain", "deadly", "plain", "deadly once", "plain", "exits", "plain", "plain")
    found, _ = outcomes(these, 2, cluster=dask)
    assert isinstance(found[1], WorkerDiedError)
    assert f"died {TRIES} times in a row" in str(found[1])
    assert isinstance(found[5], WorkerDiedError)
    assert found[:1] + found[2:5] + found[6:] == [0, 4, 9, 16, 36, 49]
    assert [tries(task) for task in these] == [1, TRIES, 1, 2, 1, TRIES, 1, 1]


def test_a_worker_that_is_about_to_come_is_waited_for(tmp_path: Path) -> None:
    notes, logs = tmp_path / "notes", tmp_path / "logs"
    notes.mkdir()
    logs.mkdir()
    with scheduler(logs) as (address, _), worker(address, logs):
        assert outcomes(tasks(notes, "plain"), 1, cluster=Cluster(address))[0] == [0]


@pytest.mark.parametrize("checked", [True, False])
def test_a_worker_that_joins_with_another_version_is_given_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: bool
) -> None:
    notes, logs = tmp_path / "notes", tmp_path / "logs"
    notes.mkdir()
    logs.mkdir()
    other = logs / "other.py"
    other.write_text("from gdrun.engines import cluster_worker\ncluster_worker.__version__ = '0.0.1'\n")
    met: list[list[str]] = []

    def usable(client: Any, folder: Path | None = None, among: list[str] | None = None) -> list[str]:
        if among is None:
            return cluster.usable_workers(client, folder)
        met.append(among)
        return cluster.usable_workers(client, folder, among) if checked else among

    monkeypatch.setattr(cluster_executor, "usable_workers", usable)
    with scheduler(logs) as (address, _), worker(address, logs, "--no-nanny") as first:
        wait_for_workers(address, 1)

        def join() -> None:
            wait_for(lambda: len(pids(notes)) == 1)
            with worker(address, logs, "--no-nanny", "--preload", str(other)) as second:
                wait_for(lambda: len(met) > 0)
                wait_for_workers(address, 2)
                time.sleep(0.5)  # in which it would be given a task
                (tmp_path / "go").touch()
                wait_for(lambda: len(pids(notes)) == (1 if checked else 2) and ended.is_set())
                used.append(second.pid in pids(notes))

        ended, used = threading.Event(), list[bool]()
        thread = threading.Thread(target=join)
        thread.start()
        found, _ = outcomes(tasks(notes, "patient", "patient"), 2, cluster=Cluster(address))
        ended.set()
        thread.join()
    assert found == [0, 1]
    assert used == [not checked]
    assert first.pid in pids(notes)


def test_a_request_to_stop_reaches_every_task(tmp_path: Path, dask: Cluster) -> None:
    these = tasks(tmp_path, "slow", "slow", "plain")
    interruption = Interruption()

    def ask() -> None:
        wait_for(lambda: len(pids(tmp_path)) == 2)
        interruption.requested = True

    thread = threading.Thread(target=ask)
    thread.start()
    found, _ = outcomes(these, 2, interruption, dask)
    thread.join()
    assert [type(result) for result in found] == [StoppedError] * 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "0.stopped", "1", "1.stopped"]


def test_abandoned_tasks_are_stopped(tmp_path: Path, dask: Cluster) -> None:
    with Engine(2, lambda event: None, Interruption(), dask) as engine:
        these = tasks(tmp_path, "plain", "slow")
        assert next(engine.carry_out(work, one_by_one(these))) == (these[0], 0)
        wait_for((tmp_path / "1").exists)
    wait_for((tmp_path / "1.stopped").exists)


def test_if_the_scheduler_dies_everything_ends(tmp_path: Path) -> None:
    notes, logs = tmp_path / "notes", tmp_path / "logs"
    notes.mkdir()
    logs.mkdir()
    with scheduler(logs) as (address, process), worker(address, logs, "--nworkers", "2"):
        wait_for_workers(address, 2)

        def kill() -> None:
            wait_for(lambda: len(pids(notes)) == 2)
            process.kill()

        thread = threading.Thread(target=kill)
        thread.start()
        found, _ = outcomes(tasks(notes, "slow", "slow", "plain"), 2, cluster=Cluster(address))
        thread.join()
        for result in found:
            assert isinstance(result, SystemRefusedError)
            assert "connection to the Dask scheduler was lost" in str(result)
        wait_for(lambda: len(list(notes.glob("*.stopped"))) == 2)


def test_a_cluster_that_lost_all_its_workers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_executor, "_ALONE", 0.2)
    notes, logs = tmp_path / "notes", tmp_path / "logs"
    notes.mkdir()
    logs.mkdir()
    with scheduler(logs) as (address, _), worker(address, logs, "--no-nanny"):
        wait_for_workers(address, 1)
        these = tasks(notes, "plain", "deadly", "plain")
        found, _ = outcomes(these, 1, cluster=Cluster(address))
    assert found[0] == 0
    for result in found[1:]:
        assert isinstance(result, SystemRefusedError)
        assert "no workers any more" in str(result)
    assert tries(these[1]) == 1


_PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from engine_tasks import Task, one_by_one, work
from gdrun.engines.cluster import Cluster
from gdrun.engines.engine import Engine
from gdrun.engines.interruption import Interruption
interruption = Interruption()
these = [Task(number, {kind!r}, Path({folder!r})) for number in range(2)]
with interruption.listening(), Engine(2, print, interruption, Cluster({address!r})) as engine:
    for _, result in engine.carry_out(work, one_by_one(these)):
        print(repr(result))
"""


def start_parent(folder: Path, kind: str, address: str | None) -> subprocess.Popen[str]:
    """A process that gives two tasks to a cluster; both have begun."""
    code = _PARENT.format(tests=str(Path(__file__).parent), kind=kind, folder=str(folder), address=address)
    parent = subprocess.Popen(
        [sys.executable, "-c", code], text=True, stdout=-1, stderr=-1, start_new_session=True
    )
    wait_for(lambda: len(pids(folder)) == 2 or parent.poll() is not None)
    assert parent.poll() is None, parent.communicate()
    return parent


def test_tasks_are_stopped_when_the_process_that_gave_them_is_killed(tmp_path: Path, dask: Cluster) -> None:
    parent = start_parent(tmp_path, "slow", dask.scheduler)
    parent.kill()
    parent.communicate()
    wait_for(lambda: len(list(tmp_path.glob("*.stopped"))) == 2)


def family(pid: int) -> set[int]:
    """The processes of the sessions that a process started."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found.add((int(folder.name), int(words[1]), int(words[3])))
    sessions = {process for process, parent, session in found if parent == pid and session == process}
    return {process for process, _, session in found if session in sessions}


def test_a_cluster_of_this_machine_by_default_with_one_blas_thread_each(tmp_path: Path) -> None:
    before = family(os.getpid())
    found, told = outcomes(tasks(tmp_path, *["plain"] * 4), 2, cluster=Cluster())
    assert found == [0, 1, 4, 9]
    assert [threads for _, threads in told] == ["1"] * 4
    assert len(pids(tmp_path)) == 2
    assert os.getpid() not in pids(tmp_path)
    wait_for_the_end_of(pids(tmp_path))
    wait_for(lambda: len(family(os.getpid())) == len(before))


@pytest.mark.parametrize("how", ["SIGKILL", "one SIGINT", "two"])
def test_nothing_is_left_of_it_whichever_way_out(tmp_path: Path, how: str) -> None:
    parent = start_parent(tmp_path, "slow" if how == "one SIGINT" else "deaf", None)
    left = family(parent.pid)
    assert pids(tmp_path) <= left
    if how == "SIGKILL":
        parent.kill()
        parent.communicate()
    else:
        os.killpg(parent.pid, signal.SIGINT)  # as a terminal does
        if how == "two":
            time.sleep(0.5)
            assert parent.poll() is None
            os.killpg(parent.pid, signal.SIGINT)
        out, errors = parent.communicate(timeout=10)
        assert ("StoppedError" in errors) == (how == "two")
        assert out.count("StoppedError('interrupted')") == (2 if how == "one SIGINT" else 0)
        assert "distributed" not in errors.replace("from distributed", "")
    wait_for_the_end_of(left)


def test_what_its_processes_say_as_they_end_is_not_on_the_screen(tmp_path: Path) -> None:
    out, errors = start_parent(tmp_path, "loud", None).communicate(timeout=30)
    lines = out.splitlines()  # with what they told
    assert sorted(line for line in lines if line.isdecimal()) == ["0", "1"]
    assert errors == ""


_LOCAL_CLUSTER = """
import sys
sys.path[:] = {path!r}
from gdrun.engines import local_cluster
if not {kept}:
    del local_cluster._SETTINGS["distributed.deploy.lost-worker-timeout"]
local_cluster.main({descriptor}, 2)
"""


@pytest.mark.parametrize("kept", [True, False])
def test_workers_that_die_while_they_start_are_started_again(
    monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Dask gives up workers that don't come back in time, here a second; then there would be none left."""
    from distributed import Client

    monkeypatch.setenv("DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT", "1s")
    line, there = Pipe()
    code = _LOCAL_CLUSTER.format(path=sys.path, kept=kept, descriptor=there.fileno())
    process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[there.fileno()])
    there.close()
    try:
        address, killed = line.recv(), set[int]()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            for pid in workers_of(process.pid):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            time.sleep(0.05)
        with Client(address, set_as_default=False) as client:
            if kept:
                client.wait_for_workers(2, timeout=30)
            else:
                with pytest.raises(TimeoutError):
                    client.wait_for_workers(1, timeout=4)
    finally:
        line.close()
        assert process.wait(10) == 0
    assert len(killed) > 4


def workers_of(pid: int) -> list[int]:
    """The workers that a process started and that still run or start."""
    lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(child) for words in lists for child in words.split()]
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


class TestRefusals:
    def test_nobody_answers(self, tmp_path: Path) -> None:
        with pytest.raises(
            SystemRefusedError, match=r"no Dask scheduler answers at tcp://127.0.0.1:1; start"
        ):
            outcomes(tasks(tmp_path, "plain"), 1, cluster=Cluster("tcp://127.0.0.1:1"))

    def test_one_of_this_machine_does_not_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cluster, "_START", 0.0)
        with pytest.raises(
            SystemRefusedError, match=r"does not start: nothing was heard .*; try again, or lea"
        ):
            outcomes(tasks(tmp_path, "plain"), 1, cluster=Cluster())

    @pytest.mark.parametrize("address", ["rubbish", "foo://127.0.0.1:1", ""])
    def test_no_address(self, tmp_path: Path, address: str) -> None:
        with pytest.raises(ConfigError, match=r"--scheduler: '.*' is no address \(.*tcp://127.0.0.1:8786"):
            outcomes(tasks(tmp_path, "plain"), 1, cluster=Cluster(address))

    def test_not_installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(ConfigError, match=r"pip install 'gdrun\[cluster\]'"):
            outcomes(tasks(tmp_path, "plain"), 1, cluster=Cluster())

    def test_no_workers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cluster, "_GATHERING", 0.2)
        with scheduler(tmp_path) as (address, _), pytest.raises(SystemRefusedError) as raised:
            number_of_workers(Cluster(address))
        assert f"has no workers; start one a core: dask worker {address} --nworkers" in str(raised.value)

    def test_another_version(self, dask: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        assert number_of_workers(dask) == 2
        monkeypatch.setattr(cluster_worker, "__version__", "0.0.1")
        with pytest.raises(SystemRefusedError, match=r"has gdrun .*, this process has 0.0.1; results would"):
            number_of_workers(dask)

    def test_a_folder_that_workers_do_not_see(self, dask: Cluster, tmp_path: Path) -> None:
        assert number_of_workers(Cluster(dask.scheduler, tmp_path)) == 2
        with pytest.raises(SystemRefusedError, match=r"does not see .*; take a --runs-dir in a file system"):
            number_of_workers(Cluster(dask.scheduler, tmp_path / "elsewhere"))
