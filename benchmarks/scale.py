"""`python -m benchmarks.scale`: what plans of ten to ten thousand runs cost, as a table for the README.

`gdrun train --seeds N` of the tiny network on the digits, as a whole process. The parent is the process that
plans, hands out and sums up; what it takes itself can be told from what its workers take only where there are
some, so its share of the processor time is given for those.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import TINY, use_this_tree
from benchmarks.table import markdown_table

# Runs gdrun with the words that follow, and writes what it and its children took to a file.
PROBE = """\
import json, resource, sys
from gdrun.__main__ import main
path = sys.argv.pop(1)
try:
    main()
finally:
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = [usage.ru_utime + usage.ru_stime for usage in (own, others)]
    memory = [own.ru_maxrss, others.ru_maxrss]
    with open(path, "w") as file:
        json.dump({"own": seconds[0], "others": seconds[1], "memory": memory}, file)
"""
HEADER = [
    *("runs", "workers", "seconds", "ms a run", "CPU ms a run", "the parent's share"),
    *("MB of the parent", "MB of a worker", "MB on disk", "KB a run", "files"),
]


@dataclass(frozen=True)
class Scale:
    """What a plan cost.

    Attributes:
        runs, workers: of the plan.
        seconds: on the wall, from start to end.
        own, others: seconds of processor time of the parent, and of its workers.
        megabytes: the most that the parent, and that any of the workers, ever held.
        disk: bytes that the group takes on the disk.
        files: that it has.
    """

    runs: int
    workers: int
    seconds: float
    own: float
    others: float
    megabytes: tuple[float, float]
    disk: int
    files: int

    def row(self) -> list[str]:
        """Cells in the order of HEADER."""
        used = self.own + self.others
        return [
            f"{self.runs:,}",
            str(self.workers),
            f"{self.seconds:.1f}",
            f"{self.seconds / self.runs * 1e3:.1f}",
            f"{used / self.runs * 1e3:.1f}",
            f"{self.own / used:.0%}" if self.others else "",
            f"{self.megabytes[0]:.0f}",
            f"{self.megabytes[1]:.0f}" if self.others else "",
            f"{self.disk / 1e6:,.1f}",
            f"{self.disk / self.runs / 1e3:.0f}",
            f"{self.files:,}",
        ]


def measure(runs: int, workers: int, epochs: int) -> Scale:
    """Carry a plan out in a folder of its own, which is removed afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tiny.yaml").write_text(TINY)
        words = ["train", "tiny.yaml", f"epochs={epochs}", "--seeds", str(runs)]
        command = [sys.executable, "-c", PROBE, "usage.json", *words, "--workers", str(workers), "--quiet"]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - began
        usage = json.loads((folder / "usage.json").read_text())
        sizes = [path.lstat().st_blocks * 512 for path in (folder / "runs").rglob("*") if not path.is_dir()]
    unit = 2**20 if sys.platform == "darwin" else 2**10
    own, others = (most / unit for most in usage["memory"])
    return Scale(runs, workers, seconds, usage["own"], usage["others"], (own, others), sum(sizes), len(sizes))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--runs", default="10,100,1000,10000", help="sizes of the plans")
    parser.add_argument("--workers", default="1,2", help="processes")
    parser.add_argument("--epochs", type=int, default=20, help="of every run")
    options = parser.parse_args()
    use_this_tree()

    rows = []
    for runs in map(int, options.runs.split(",")):
        for workers in map(int, options.workers.split(",")):
            rows.append(measure(runs, workers, options.epochs).row())
            print(
                ", ".join(f"{name}: {cell}" for name, cell in zip(HEADER, rows[-1], strict=True)), flush=True
            )
    print(f"\n{markdown_table(HEADER, rows)}")


if __name__ == "__main__":
    main()
