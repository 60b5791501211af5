"""A real Dask scheduler and real workers for tests, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_START, _PARTING = 60.0, 10.0  # seconds


@contextlib.contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler: its address and its process.

    Args:
        folder: where it leaves its address and its log.
    """
    file = folder / "scheduler.json"
    words = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    words += ["--scheduler-file", str(file)]
    with _process("dask_scheduler", words, folder / "scheduler.log") as process:
        until = time.monotonic() + _START
        while not file.exists() or not file.read_text().endswith("}"):
            assert process.poll() is None, (folder / "scheduler.log").read_text()
            assert time.monotonic() < until, "no scheduler"
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"], process


@contextlib.contextmanager
def worker(address: str, folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process of one thread.

    Args:
        address: of the scheduler.
        folder: where it keeps what it needs.
        words: further ones of the command line.
    """
    usual = ["--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--memory-limit", "0"]
    places = ["--local-directory", str(folder)]
    log = folder / f"worker-{len(list(folder.iterdir()))}.log"
    with _process("dask_worker", [address, *usual, *places, *words], log) as process:
        yield process


@contextlib.contextmanager
def two_workers(folder: Path) -> Iterator[str]:
    """A scheduler with two worker processes, which are started again when they die: its address."""
    with scheduler(folder) as (address, _), worker(address, folder, "--nworkers", "2"):
        wait_for_workers(address, 2)
        yield address


def wait_for_workers(address: str, number: int) -> None:
    """Wait until a scheduler has so many workers."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(number, timeout=_START)


@contextlib.contextmanager
def _process(module: str, words: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    paths = os.pathsep.join(path for path in sys.path if path)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *words],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=log.parent,  # nowhere near whoever gives tasks
            env=os.environ | {"PYTHONPATH": paths},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PARTING)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
