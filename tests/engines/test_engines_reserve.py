"""Workers that start before there is a pool: it takes them, and none of them outlives the command."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_tasks import alive, outcomes, pids, tasks, wait_for_the_end_of

from gdrun.cli.early import start_workers
from gdrun.cli.main import run
from gdrun.engines import reserve


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    reserve.dismiss()


def started() -> list[int]:
    """The processes in reserve."""
    return [worker.child.process.pid for worker in reserve._reserve]


def test_a_pool_takes_the_workers_that_are_there_and_starts_the_others(tmp_path: Path) -> None:
    reserve.call_up(2, "engine_tasks")
    early = started()
    found, _ = outcomes(tasks(tmp_path, *["plain"] * 9), 3)
    assert found == [number**2 for number in range(9)]
    assert reserve.take() is None
    assert len(pids(tmp_path) - set(early)) <= 1
    assert pids(tmp_path) & set(early)
    wait_for_the_end_of(set(early))


def test_a_worker_that_died_in_reserve_costs_a_try(tmp_path: Path) -> None:
    reserve.call_up(1, "engine_tasks")
    (early,) = started()
    os.kill(early, signal.SIGKILL)
    found, _ = outcomes(tasks(tmp_path, "plain", "plain"), 2)
    assert found == [0, 1]


def test_a_worker_has_its_module_before_its_first_task(tmp_path: Path) -> None:
    (tmp_path / "imported_early.py").write_text(f"open({str(tmp_path / 'seen')!r}, 'x').close()\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(tmp_path))
        reserve.call_up(1, "imported_early")
    worker = reserve.take()
    assert worker is not None
    with pytest.raises(pickle.UnpicklingError):  # its answer, so it is past its imports
        worker.do(b"no task", lambda event: None)
    worker.child.end()
    assert (tmp_path / "seen").exists()


def test_those_whom_nobody_needed_end_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []
    monkeypatch.setattr("gdrun.cli.early.available_cores", lambda: 2)
    call_up = reserve.call_up

    def called(number: int, module: str) -> None:
        call_up(number, module)
        seen.extend(started())

    monkeypatch.setattr(reserve, "call_up", called)
    assert run(["kfold", str(tmp_path / "missing.yaml"), "--workers", "2"]) == 2
    assert "missing.yaml" in capsys.readouterr().err
    assert len(seen) == 2
    assert not any(alive(pid) for pid in seen)


@pytest.mark.parametrize(
    ("asked", "engine", "only_shown"),
    [
        (None, "local", False),
        ("auto", "local", False),
        ("many", "local", False),
        ("1", "local", False),
        ("2", "dask", False),
        ("2", "local", True),
    ],
)
def test_nobody_is_started_who_may_not_be_needed(asked: str | None, engine: str, only_shown: bool) -> None:
    start_workers(asked, engine=engine, only_shown=only_shown)
    assert started() == []


def test_no_more_are_started_than_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdrun.cli.early.available_cores", lambda: 2)
    start_workers("400", engine="local", only_shown=False)
    assert len(started()) == 2
