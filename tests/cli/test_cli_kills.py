"""Runs and groups that are killed again and again: `gdrun resume` ends with the same bits."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from pathlib import Path

import pytest
from cli_commands import bits, child_processes, finish, gdrun, group_bits, kill, record, start, wait_for
from cli_stopped import EPOCHS, begun, family, gone, kill_all, often, rows_of

GROUP = ("--seeds", "4", "--workers", "2")
LONG = pytest.mark.slow


def resume_and_kill(path: Path, chance: random.Random) -> bool:
    """Kill a resume after some more epochs, or earlier; False if it had come to its end."""
    process = start("resume", path, "-q")
    if chance.random() < 0.25:  # while it starts
        time.sleep(chance.uniform(0.1, 0.5))
    else:
        aim = rows_of(path) + chance.randrange(1, 30)
        while process.poll() is None and rows_of(path) < aim:
            time.sleep(0.001)
    running = process.poll() is None
    members = family(process.pid)
    (kill if chance.random() < 0.5 else kill_all)(process)  # workers end by themselves
    gone(members)
    return running


def killed_and_resumed(folder: Path, seed: int, words: tuple[str, ...], in_a_row: int) -> tuple[Path, int]:
    """Kill a command and so many resumes, then leave one alone: the directory, and how many kills it were.

    They are fewer if one of the resumes comes to its end before it is killed.
    """
    chance = random.Random(seed)
    folder.mkdir(exist_ok=True)
    process = start("train", often(folder), f"epochs={EPOCHS}", *words, "--runs-dir", folder / "runs", "-q")
    path = wait_for(lambda: begun(folder, rows=1), process)
    members = family(process.pid)
    kill_all(process)
    gone(members)
    assert record(path)["status"] == "running"
    assert gdrun("runs", "list", "--runs-dir", folder / "runs", "--json").document
    kills = 1 + len(list(itertools.takewhile(bool, (resume_and_kill(path, chance) for _ in range(in_a_row)))))
    answer = gdrun("resume", path, "-q")
    assert answer.code == 0, answer
    assert not list(path.rglob("*.tmp"))
    return path, kills


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("least", [5, pytest.param(200, marks=LONG)])
def test_of_a_run(tmp_path: Path, undisturbed: Path, least: int) -> None:
    counts: list[int] = []
    for seed in itertools.count(1):
        path, kills = killed_and_resumed(tmp_path / str(seed), seed, (), in_a_row=7)
        counts.append(kills)
        assert bits(path) == bits(undisturbed)
        if sum(counts) >= least:
            break
    print(f"{sum(counts)} kills of {len(counts)} runs, seeds 1 to {seed}, up to {max(counts)} in a row")
    assert max(counts) >= min(5, least)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("least", [3, pytest.param(50, marks=LONG)])
def test_of_a_group_with_workers(tmp_path: Path, undisturbed_group: Path, least: int) -> None:
    counts: list[int] = []
    for seed in itertools.count(1):
        path, kills = killed_and_resumed(tmp_path / str(seed), seed, GROUP, in_a_row=2 if least < 5 else 7)
        counts.append(kills)
        assert group_bits(path) == group_bits(undisturbed_group)
        if sum(counts) >= least:
            break
    print(f"{sum(counts)} kills of {len(counts)} groups, seeds 1 to {seed}, up to {max(counts)} in a row")


def test_of_one_worker_costs_nothing(tmp_path: Path, undisturbed_group: Path) -> None:
    words = (f"epochs={EPOCHS}", *GROUP, "--runs-dir", tmp_path / "runs", "-q")
    process = start("train", often(tmp_path), *words)
    path = wait_for(lambda: begun(tmp_path, rows=1), process)
    os.kill(child_processes(process.pid)[0], signal.SIGKILL)
    answer = finish(process)
    assert answer.code == 0, answer
    assert group_bits(path) == group_bits(undisturbed_group)
