"""What tests of the commands share: small configs, and commands run here or in a process of their own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gdrun.cli.main import run
from gdrun.run_directory.tables import read_table
from gdrun.run_directory.weights import read_weights

PROJECT = Path(__file__).parents[2]
CONFIGS = PROJECT / "configs"

BLOBS = """
name: {name}
dataset: {{name: blobs, rows: 160, centers: 3, spread: 2.0}}
model: {{name: mlp, hidden: [8]}}
optimizer: {{name: adam, learning_rate: 1e-2}}
batch_size: 16
epochs: 4
"""


@dataclass(frozen=True)
class Answer:
    """What came of a command: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The strict JSON on stdout."""
        return strict_json(self.out)

    @property
    def last_line(self) -> str:
        return self.err.rstrip().rpartition("\n")[2]


def gdrun(*words: object) -> Answer:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(word) for word in words])
    return Answer(code, out.getvalue(), err.getvalue())


def config_file(folder: Path, name: str = "blobs", more: str = "") -> Path:
    """A small config in a folder."""
    path = folder / f"{name}.yaml"
    path.write_text(BLOBS.format(name=name) + more)
    return path


def train(runs: Path, name: str, *words: object, more: str = "", code: int = 0) -> Path:
    """Train the small config under a name; returns the directory."""
    runs.mkdir(exist_ok=True)
    config = config_file(runs, name, more)
    answer = gdrun("train", config, "--runs-dir", runs, "--quiet", *words)
    assert answer.code == code, answer
    return the_run(runs, name)


def the_run(runs: Path, name: str) -> Path:
    """The one directory of this name."""
    (found,) = runs.glob(f"????????-??????-{name}")
    return found


def record(path: Path) -> dict[str, Any]:
    """The content of run.json or group.json, which is strict JSON, without the digest at its end."""
    found = strict_json((path / ("group.json" if (path / "group.json").exists() else "run.json")).read_text())
    found.pop("sha256", None)
    return found


def strict_json(text: str) -> Any:
    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=refuse)


def bits(path: Path) -> dict[str, Any]:
    """What may not depend on how a run was computed: weights, metrics without seconds, pictures, ends."""
    metrics = {name: values.tobytes() for name, values in read_table(path / "metrics.csv").items()}
    del metrics["seconds"]
    weights = {
        name: (array.dtype.str, array.tobytes()) for name, array in read_weights(path / "weights.npz").items()
    }
    kept = record(path)
    predictions, learning = path / "predictions.csv", path / "learning.npz"
    return {
        "metrics": metrics,
        "weights": weights,
        "split": (path / "split.npz").read_bytes(),
        "predictions": predictions.read_bytes() if predictions.exists() else None,
        "learning": learning.read_bytes() if learning.exists() else None,
        "result": kept["result"],
        "end": (kept["status"], kept["reason"]),
    }


def group_bits(path: Path) -> dict[str, Any]:
    """The same of every member of a group, its results, and their summary, but for what a clock said."""
    columns = read_table(path / "results.csv").items()
    results = {name: column for name, column in columns if "seconds" not in name}
    return {
        "members": {member.name: bits(member) for member in sorted((path / "members").iterdir())},
        "results": {name: column.tolist() for name, column in results.items() if column.dtype != np.float64},
        "numbers": {n: column.tobytes() for n, column in results.items() if column.dtype == np.float64},
        "summary": without_times(strict_json((path / "summary.json").read_text())),
    }


def without_times(value: Any) -> Any:
    """Plain data without what a clock said."""
    if isinstance(value, Mapping):
        return {k: without_times(v) for k, v in value.items() if not k.endswith("seconds")}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def start(*words: object, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "gdrun", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | dict(environment or {}),
    )


def finish(process: subprocess.Popen[str], within: float = 60) -> Answer:
    """Wait for a command."""
    out, err = process.communicate(timeout=within)
    return Answer(process.returncode, out, err)


def wait_for(condition: Any, process: subprocess.Popen[str] | None = None, seconds: float = 30) -> Any:
    """Wait until a condition holds, and return its value."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, "it took too long"
        assert process is None or process.poll() is None, finish(process)
        time.sleep(0.005)
    return value


def child_processes(pid: int) -> list[int]:
    """The processes that a process started, and that live."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == pid and state != "Z":
                    found.append(int(folder.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a command without a warning."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def write_table(
    path: Path, kinds: tuple[str, ...] = ("cat", "dog", "fox"), rows: int = 90, seed: int = 0
) -> None:
    """A table with numbers, categories and gaps, from which the kind can be told."""
    random = np.random.default_rng(seed)
    lines = ["weight,colour,kind"]
    for row in range(rows):
        number = row % len(kinds)
        weight = "" if row % 17 == 5 else f"{10 * number + random.normal():.3f}"
        colour = ("red", "grey", "")[(number + int(random.random() < 0.1)) % 3]
        lines.append(f"{weight},{colour},{kinds[number]}")
    path.write_text("\n".join(lines) + "\n")
