"""The command line from outside: start-up, time an update, workers and memory."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.targets import Finding

# The tiny network, on real data; 1,257 training rows in 40 batches.
TINY = """\
name: tiny
dataset: digits
split: {validation: 0.15, test: 0.15}
model: {name: mlp, hidden: [64], activation: relu}
optimizer: {name: adam, learning_rate: 1e-3}
batch_size: 32
epochs: 5
"""
UPDATES_AN_EPOCH = 40
IMPORTS = "import numpy, pydantic, rich.console, typer"


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the benchmark's clock and on the wall, and the most MB it ever held."""

    seconds: float
    wall: float
    megabytes: float


def cost(*arguments: str, folder: Path) -> Cost:
    """Run Python with these arguments in a folder."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], cwd=folder, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"python {' '.join(arguments)} ended with exit code {process.returncode}")
    seconds = usage.ru_utime + usage.ru_stime if os.environ.get("BENCHMARK_CLOCK") == "cpu" else wall
    return Cost(seconds, wall, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))


def use_this_tree() -> None:
    """Let the processes that are started from here find `benchmarks` and `gdrun` beside this file.

    The package is compiled first, as pip does when it installs one: else every start is slowed down by it.
    """
    root = str(Path(__file__).parents[1])
    compileall.compile_dir(Path(root) / "gdrun", quiet=1)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))


def medians(commands: dict[str, tuple[str, ...]], repetitions: int, folder: Path) -> dict[str, Cost]:
    """Every command in turn, several times; the median of each cost. The first round only warms the disk."""
    rounds = [
        {name: cost(*arguments, folder=folder) for name, arguments in commands.items()}
        for _ in range(repetitions + 1)
    ][1:]
    return {
        name: Cost(
            median(each[name].seconds for each in rounds),
            median(each[name].wall for each in rounds),
            median(each[name].megabytes for each in rounds),
        )
        for name in commands
    }


def train(*arguments: str) -> tuple[str, ...]:
    return ("-m", "gdrun", "train", *arguments, "--quiet")


def findings(repetitions: int, cores: set[int]) -> list[Finding]:
    """All measurements of commands, as lines for the table of targets.

    Args:
        repetitions: of each.
        cores: that two workers may use.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tiny.yaml").write_text(TINY)
        (folder / "iris.yaml").write_text("dataset: iris\nepochs: 1\n")
        return [
            *_start_up(repetitions, folder),
            *_updates(repetitions, folder),
            *_memory(folder),
            *_workers(repetitions, folder, cores),
        ]


def _start_up(repetitions: int, folder: Path) -> list[Finding]:
    found = medians(
        {
            "imports": ("-c", IMPORTS),
            "version": ("-m", "gdrun", "--version"),
            "iris": train("iris.yaml"),
        },
        repetitions,
        folder,
    )
    imports = found["imports"].seconds
    lines = []
    for name, aim, limit in (("version", "--version", 1.0), ("iris", "train iris, one epoch", 2.2)):
        times = found[name].seconds / imports
        aim = f"start-up: {aim} / importing NumPy, pydantic, rich, Typer"
        text = f"{times:.2f} ({found[name].seconds * 1e3:.0f} ms)"
        lines.append(Finding(aim, f"≤ {limit:g}", text, times <= limit))
    return lines


def _updates(repetitions: int, folder: Path) -> list[Finding]:
    """65 epochs less 5: all that a run does again and again, its evaluations and files included."""
    lines = []
    for seeds in (1, 64):
        several = () if seeds == 1 else ("--seeds", str(seeds), "--workers", "1")
        found = medians(
            {str(epochs): train("tiny.yaml", f"epochs={epochs}", *several) for epochs in (5, 65)},
            max(1, repetitions // (1 if seeds == 1 else 3)),
            folder,
        )
        seconds = found["65"].seconds - found["5"].seconds
        microseconds = seconds / (60 * UPDATES_AN_EPOCH * seeds) * 1e6
        aim = f"train, {seeds} tiny run(s): microseconds per update per run, 65 epochs less 5"
        lines.append(Finding(aim, "", f"{microseconds:.1f}", True))
    return lines


def _memory(folder: Path) -> list[Finding]:
    several = ("--seeds", "64", "--workers", "1")
    short, long = (cost(*train("tiny.yaml", f"epochs={n}", *several), folder=folder) for n in (5, 65))
    growth = long.megabytes - short.megabytes
    return [
        Finding(
            "memory: MB resident, 64 tiny runs stacked",
            "< 200",
            f"{long.megabytes:.0f}",
            long.megabytes < 200,
        ),
        Finding("memory: MB that 60 more epochs add", "≤ 5", f"{growth:.1f}", growth <= 5),
    ]


def _workers(repetitions: int, folder: Path, cores: set[int]) -> list[Finding]:
    aim = "train --seeds 64, 260 epochs: one worker / two workers"
    if len(cores) < 2:
        return [Finding(aim, "≥ 1.7", "not measured: one core", True)]
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        found = medians(
            {n: train("tiny.yaml", "epochs=260", "--seeds", "64", "--workers", n) for n in ("1", "2")},
            1,
            folder,
        )
    finally:
        os.sched_setaffinity(0, mine)
    ratio = found["1"].wall / found["2"].wall
    return [Finding(aim, "≥ 1.7", f"{ratio:.2f}", ratio >= 1.7)]
