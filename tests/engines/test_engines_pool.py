"""Engines: results in order, whatever becomes of the workers; and never a hang or an orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from engine_tasks import Task, alive, one_by_one, outcomes, pids, tasks, tries, wait_for_the_end_of, work

from gdrun.engines import engine
from gdrun.engines.engine import TRIES, Engine
from gdrun.engines.interruption import SIGNALS, Interruption
from gdrun.engines.pool import ProcessPool
from gdrun.errors import (
    DataError,
    GdrunError,
    StoppedError,
    SystemRefusedError,
    TerminatedError,
    WorkerDiedError,
)


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_results_come_in_the_order_of_the_tasks(tmp_path: Path, workers: int) -> None:
    found, told = outcomes(tasks(tmp_path, *["plain"] * 5), workers)
    assert found == [0, 1, 4, 9, 16]
    assert sorted(number for number, _ in told) == [0, 1, 2, 3, 4]
    own = os.getpid() in pids(tmp_path)
    assert own == (workers == 1)


def test_workers_have_one_blas_thread_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    _, told = outcomes(tasks(tmp_path, "plain", "plain"), 2)
    assert [threads for _, threads in told] == ["1", "1"]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_is_the_outcome_of_its_task_alone(tmp_path: Path, workers: int) -> None:
    found, _ = outcomes(tasks(tmp_path, "plain", "wrong", "plain"), workers)
    assert found[0] == 0
    assert found[2] == 4
    assert isinstance(found[1], DataError)
    assert str(found[1]) == "row 3 is no number; correct it"
    if workers > 1:
        assert "engine_tasks.py" in "".join(found[1].__notes__)


@pytest.mark.parametrize(
    ("kind", "words"), [("awkward", "AwkwardError: one and two"), ("unpicklable result", "function")]
)
def test_what_cannot_be_sent_back_becomes_a_message(tmp_path: Path, kind: str, words: str) -> None:
    found, _ = outcomes(tasks(tmp_path, kind, "plain"), 2)
    assert isinstance(found[0], GdrunError)
    assert words in str(found[0])
    assert found[1] == 1


def test_more_words_than_a_pipe_holds(tmp_path: Path) -> None:
    found, told = outcomes(tasks(tmp_path, "talkative", "talkative", "plain"), 2)
    assert found == [0, 1, 4]
    assert len(told) == 2 * 2001 + 1


def test_a_task_whose_worker_dies_is_done_again(tmp_path: Path) -> None:
    these = tasks(tmp_path, "plain", "deadly once", "plain", "deadly once", "plain")
    found, _ = outcomes(these, 2)
    assert found == [0, 1, 4, 9, 16]
    assert [tries(task) for task in these] == [1, 2, 1, 2, 1]


def test_without_another_try_a_death_would_cost_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(engine, "TRIES", 1)
    found, _ = outcomes(tasks(tmp_path, "deadly once", "plain"), 2)
    assert isinstance(found[0], WorkerDiedError)


@pytest.mark.parametrize(
    ("kind", "how"), [("deadly", "SIGKILL, perhaps for want of memory"), ("exits", "exit code 7")]
)
def test_the_task_that_kills_its_workers_is_blamed_and_no_other(tmp_path: Path, kind: str, how: str) -> None:
    these = tasks(tmp_path, "plain", kind, "plain", "plain")
    found, _ = outcomes(these, 2)
    assert [found[0], found[2], found[3]] == [0, 4, 9]
    assert isinstance(found[1], WorkerDiedError)
    assert found[1].exit_code == SystemRefusedError.exit_code
    assert f"died {TRIES} times in a row ({how})" in str(found[1])
    assert [tries(task) for task in these] == [1, TRIES, 1, 1]


def test_an_idle_worker_that_was_killed_costs_a_try_and_no_more(tmp_path: Path) -> None:
    these = tasks(tmp_path, *["plain"] * 6)
    left, going, found = list(these), list[Task](), []

    def next_task() -> Task | None:
        if left and not going:
            going.append(left.pop(0))
            return going[0]
        return None

    with Engine(2, lambda event: None, Interruption()) as engine:
        for task, result in engine.carry_out(work, next_task):
            for pid in pids(tmp_path):
                if alive(pid) and pid != os.getpid():
                    os.kill(pid, signal.SIGKILL)
            found.append(result)
            going.remove(task)
    assert found == [0, 1, 4, 9, 16, 25]


def test_the_workers_of_one_call_do_the_tasks_of_the_next(tmp_path: Path) -> None:
    with Engine(2, lambda event: None, Interruption()) as engine:
        found = []
        for name in ("one", "two"):
            (folder := tmp_path / name).mkdir()
            these = tasks(folder, "plain", "plain")
            assert sorted(result for _, result in engine.carry_out(work, one_by_one(these))) == [0, 1]
            found.append(set(pids(folder)))
    assert found[1] <= found[0]
    assert len(found[0]) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_result_makes_necessary_is_done_while_others_go_on(tmp_path: Path, workers: int) -> None:
    (folder := tmp_path / "notes").mkdir()
    first, second, third = tasks(folder, "plain", "patient" if workers > 1 else "plain", "plain")
    waiting, found = [second, first], []
    with Engine(workers, lambda event: None, Interruption()) as engine:
        for task, _ in engine.carry_out(work, lambda: waiting.pop() if waiting else None):
            found.append(task)
            if task is first:
                waiting.append(third)
            if task is third:
                (tmp_path / "go").touch()
    assert found == [first, third, second]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_to_stop_reaches_every_task(tmp_path: Path, workers: int) -> None:
    these = tasks(tmp_path, "slow", "slow", "slow", "plain")
    interruption = Interruption()

    def ask() -> None:
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)
        interruption.requested = True

    thread = threading.Thread(target=ask)
    thread.start()
    found, _ = outcomes(these, workers, interruption)
    thread.join()
    assert all(isinstance(result, StoppedError) for result in found)
    assert not (tmp_path / "3").exists()
    assert not [pid for pid in pids(tmp_path) if pid != os.getpid() and alive(pid)]


def test_a_worker_that_is_started_after_a_request_to_stop_knows_of_it(tmp_path: Path) -> None:
    with ProcessPool(1, lambda event: None) as pool:
        pool.ask_to_stop()
        future = pool.submit(work, *tasks(tmp_path, "slow"))
        assert isinstance(future.exception(timeout=30), StoppedError)


def test_tasks_beyond_the_number_of_workers_wait_and_can_be_cancelled(tmp_path: Path) -> None:
    slow, *others = tasks(tmp_path, "slow", "plain", "plain")
    with ProcessPool(1, lambda event: None) as pool:
        futures = [pool.submit(work, task) for task in (slow, *others)]
        assert futures[1].cancel()
        pool.ask_to_stop()
        assert futures[2].result(timeout=30) == 4
        assert isinstance(futures[0].exception(), StoppedError)
    assert not (tmp_path / "1").exists()


def test_an_abandoned_pool_leaves_no_process(tmp_path: Path) -> None:
    with Engine(3, lambda event: None, Interruption()) as engine:
        these = tasks(tmp_path, "plain", "deaf", "deaf")
        assert next(engine.carry_out(work, one_by_one(these))) == (these[0], 0)
        while len(pids(tmp_path)) < 3:
            time.sleep(0.01)
    assert not [pid for pid in pids(tmp_path) if alive(pid)]


_PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from engine_tasks import Task, one_by_one, work
from gdrun.engines.engine import Engine
from gdrun.engines.interruption import SIGNALS, Interruption
interruption = Interruption()
these = [Task(number, {kind!r}, Path({folder!r})) for number in range(2)]
with interruption.listening(), Engine(2, print, interruption) as engine:
    for _, result in engine.carry_out(work, one_by_one(these)):
        print(repr(result))
"""


def start_parent(folder: Path, kind: str) -> subprocess.Popen[str]:
    code = _PARENT.format(tests=str(Path(__file__).parent), kind=kind, folder=str(folder))
    parent = subprocess.Popen([sys.executable, "-c", code], text=True, stdout=-1, stderr=-1)
    while len(pids(folder)) < 2:
        assert parent.poll() is None
        time.sleep(0.01)
    return parent


@pytest.mark.parametrize("kind", ["deaf", "slow"])
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, kind: str) -> None:
    parent = start_parent(tmp_path, kind)
    parent.kill()
    parent.communicate()
    wait_for_the_end_of(pids(tmp_path))


def test_workers_are_deaf_to_signals_and_a_second_one_does_not_wait_for_them(tmp_path: Path) -> None:
    parent = start_parent(tmp_path, "deaf")
    for pid in pids(tmp_path):
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
    parent.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert parent.poll() is None
    assert all(map(alive, pids(tmp_path)))
    parent.send_signal(signal.SIGTERM)
    _, errors = parent.communicate(timeout=5)
    assert "TerminatedError: terminated" in errors
    wait_for_the_end_of(pids(tmp_path))


def test_a_refused_start_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with pytest.raises(SystemRefusedError, match=r"cannot start a worker.*take fewer --workers"):
        outcomes(tasks(tmp_path, "plain", "plain"), 2)


class TestInterruption:
    def test_a_signal_raises_at_once_outside_deferred_blocks(self) -> None:
        interruption = Interruption()
        with pytest.raises(StoppedError, match=r"^interrupted$"), interruption.listening():
            os.kill(os.getpid(), signal.SIGINT)
        assert interruption.requested

    def test_the_warning_of_slurm_counts_like_sigterm(self) -> None:
        interruption = Interruption()
        with pytest.raises(TerminatedError, match=r"^terminated$"), interruption.listening():
            os.kill(os.getpid(), signal.SIGUSR1)

    def test_inside_it_is_noted_and_a_second_one_raises(self) -> None:
        noted: list[object] = []
        with pytest.raises(TerminatedError):
            self.interrupt_twice(noted)
        assert noted == [True]

    def test_a_second_one_that_is_only_noted_would_be_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Negative control."""

        def note(self: Interruption, number: int, frame: object) -> None:
            self.requested = True

        monkeypatch.setattr(Interruption, "_receive", note)
        noted: list[object] = []
        self.interrupt_twice(noted)
        assert noted == [True, "the second one was only noted"]

    def interrupt_twice(self, noted: list[object]) -> None:
        interruption = Interruption()
        with interruption.listening(), interruption.deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            noted.append(interruption.requested)
            os.kill(os.getpid(), signal.SIGINT)
            noted.append("the second one was only noted")

    def test_nothing_that_handles_faults_takes_it_for_one(self) -> None:
        taken = []

        def handle_faults() -> None:
            with Interruption().listening():
                try:
                    os.kill(os.getpid(), signal.SIGTERM)
                except Exception as error:
                    taken.append(error)

        with pytest.raises(TerminatedError):
            handle_faults()
        assert not taken

    def test_blocks_may_lie_in_each_other(self) -> None:
        interruption = Interruption()
        with interruption.listening(), interruption.deferred():
            with interruption.deferred():
                pass
            os.kill(os.getpid(), signal.SIGINT)
            assert interruption.requested

    def test_handlers_are_put_back(self) -> None:
        before = [signal.getsignal(number) for number in SIGNALS]
        with Interruption().listening():
            assert signal.getsignal(signal.SIGINT) not in before
        assert [signal.getsignal(number) for number in SIGNALS] == before

    def test_other_threads_listen_to_nothing(self) -> None:
        before = signal.getsignal(signal.SIGINT)
        seen = []

        def listen() -> None:
            with Interruption().listening():
                seen.append(signal.getsignal(signal.SIGINT))

        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        assert seen == [before]
