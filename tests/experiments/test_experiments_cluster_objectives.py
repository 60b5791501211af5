"""Descents in other processes, and on a real Dask cluster: the bits of one process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))

from cli_commands import gdrun, record, strict_json, the_run
from dask_processes import two_workers

VALLEY = """
objective: {name: quadratic, condition: 20, angle: 25}
start: {uniform: [-2, 2], seed: 5}
gradient_clipping: {norm: 20}
optimizer: {name: adam, learning_rate: 0.05}
lookahead: {steps: 3}
averaging: {name: ema, decay: 0.9, start_epoch: 10}
gradient_noise: {variance: 0.1}
steps: 40
compare: {optimizers: [sgd, adam], trials: 2, tuning_seeds: 2, seeds: 3}
"""
COMMANDS = {
    "one descent": ("minimize",),
    "several starts": ("minimize", "start.count=7"),
    "sweep": ("sweep", "optimizer.learning_rate=0.01,0.1", "optimizer.name=sgd,momentum", "--seeds", 2),
    "comparison": ("compare-optimizers",),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a scheduler with two worker processes."""
    with two_workers(tmp_path_factory.mktemp("dask")) as address:
        yield address


def carried_out(runs: Path, command: str, *words: object) -> Path:
    """What a command of an objective leaves."""
    runs.mkdir()
    config = runs / "way.yaml"
    config.write_text(VALLEY)
    name, *keys = COMMANDS[command]
    answer = gdrun(name, config, *keys, *words, "--runs-dir", runs, "-q")
    assert answer.code == 0, answer
    return the_run(runs, "way")


def bits(path: Path) -> dict[str, object]:
    """Every trajectory, config and result, and the order of the points; nothing in seconds."""
    runs = sorted((path / "members").iterdir()) if (path / "members").is_dir() else [path]
    found: dict[str, object] = {}
    for run in runs:
        name = run.name if run is not path else ""
        found[name] = (
            (run / "trajectory.csv").read_bytes(),
            (run / "config.yaml").read_bytes(),
            {key: record(run)[key] for key in ("status", "reason", "seed", "result")},
        )
    if (path / "summary.json").is_file():
        summary = strict_json((path / "summary.json").read_text())
        problems = [
            (problem["ranking"], problem["pairs"], problem["monitor"])
            for problem in summary.get("problems", ())
        ]
        found["summary"] = (summary["statuses"], summary.get("ranking"), summary.get("points"), problems)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_two_processes_and_a_cluster_give_the_bits_of_one_process(
    command: str, address: str, tmp_path: Path
) -> None:
    one = carried_out(tmp_path / "one", command, "--workers", 1)
    two = carried_out(tmp_path / "two", command, "--workers", 2)
    far = carried_out(tmp_path / "far", command, "--engine", "dask", "--scheduler", address)
    assert bits(one) == bits(two) == bits(far)
    if command != "one descent":
        assert len(bits(one)) > 7
        assert record(two)["timing"]["workers"] == 2
        assert len(record(far)["stacks"]) > 1


def test_a_group_that_was_stopped_is_resumed_on_the_cluster(address: str, tmp_path: Path) -> None:
    path = carried_out(tmp_path / "runs", "sweep", "--workers", 1)
    expected = bits(path)
    from gdrun.run_directory.group import GroupDirectory

    with GroupDirectory.open(path) as group:
        group.set(status="interrupted")
    for run in sorted((path / "members").iterdir())[::2]:
        for file in sorted(run.rglob("*"), reverse=True):
            file.unlink()
        run.rmdir()
    assert gdrun("resume", path, "-q", "--engine", "dask", "--scheduler", address).code == 0
    assert bits(path) == expected
