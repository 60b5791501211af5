"""`gdrun compare-optimizers` as a whole process, beside the same runs one after the other in its peers.

Seven optimizers, twelve learning rates, three seeds of tuning, then ten of evaluation: 322 runs of the tiny
network on the digits. gdrun's time is that of the process: start, every file of every run, statistics and
report; and of the runs past 322, where the best learning rate was the last of the grid. The peers' is that of
training and evaluation alone, of 84 runs that stand for all; see comparison_peers.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.commands import cost, use_this_tree
from benchmarks.comparison_peers import PEERS
from benchmarks.targets import Finding

EPOCHS = 20
TARGETS = {"PyTorch eager": 10.0, "scikit-learn": 6.0}
WORKERS = 1.7
CONFIG = f"""\
name: comparison
dataset: digits
split: {{validation: 0.15, test: 0.15}}
model: {{name: mlp, hidden: [64], activation: relu}}
batch_size: 32
epochs: {EPOCHS}
"""
AIM = f"compare-optimizers, 322 tiny runs of {EPOCHS} epochs, the process"
Round = dict[str, float]


def findings(repetitions: int, cores: set[int]) -> list[Finding]:
    """The ratios of the times; in every round each program has its turn.

    Args:
        repetitions: rounds.
        cores: that two workers may use.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "comparison.yaml").write_text(CONFIG)
        use_this_tree()
        rounds: list[Round] = []
        for number in range(repetitions):
            runs_directory = f"runs-{number}"
            seconds = cost(*_ours(1, runs_directory), folder=folder).seconds
            rounds.append({"gdrun": seconds} | {peer: _theirs(peer, folder) for peer in PEERS})
        (results,) = (folder / "runs-0").glob("*/results.csv")
        runs = len(results.read_text().splitlines()) - 1
        return [*(_finding(peer, rounds, runs) for peer in PEERS), _workers(repetitions, folder, cores)]


def _ours(workers: int, runs_directory: str) -> tuple[str, ...]:
    command = ("-m", "gdrun", "compare-optimizers", "comparison.yaml", "--runs-dir", runs_directory)
    return (*command, "--workers", str(workers), "--quiet")


def _theirs(peer: str, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.comparison_peers", peer, "comparison.yaml"]
    return float(subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True).stdout)


def _finding(peer: str, rounds: list[Round], runs: int) -> Finding:
    times = median(each[peer] / each["gdrun"] for each in rounds)
    own, other = (median(each[name] for each in rounds) for name in ("gdrun", peer))
    text = f"{times:.2f} ({other:.1f} s / {own:.1f} s for {runs} runs)"
    return Finding(f"{AIM}: {peer} / gdrun", f"≥ {TARGETS[peer]:g}", text, times >= TARGETS[peer])


def _workers(repetitions: int, folder: Path, cores: set[int]) -> Finding:
    aim = f"{AIM}: one worker / two workers"
    if len(cores) < 2:
        return Finding(aim, f"≥ {WORKERS:g}", "not measured: one core", True)
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        rounds = [
            {
                workers: cost(*_ours(workers, f"runs-{workers}-{number}"), folder=folder).wall
                for workers in (1, 2)
            }
            for number in range(repetitions)
        ]
    finally:
        os.sched_setaffinity(0, mine)
    times = median(each[1] / each[2] for each in rounds)
    one, two = (median(each[workers] for each in rounds) for workers in (1, 2))
    return Finding(aim, f"≥ {WORKERS:g}", f"{times:.2f} ({one:.1f} s / {two:.1f} s)", times >= WORKERS)
