"""Ctrl-C, SIGTERM and SIGUSR1: an end in order, with nothing left of it, and then on to the same bits."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cli_commands import (
    PROJECT,
    bits,
    finish,
    gdrun,
    group_bits,
    record,
    start,
    strict_json,
    the_run,
    train,
    wait_for,
)
from cli_stopped import (
    EPOCHS,
    EXIT_CODES,
    FINAL,
    LONG,
    MARK,
    begun,
    family,
    gone,
    interrupt_after,
    marked,
    often,
    promptly,
    rows_of,
    shorten,
)

from gdrun.experiments.writer import TileWriter

GROUP = ("--seeds", "4", "--workers", "2")
SLOW = pytest.mark.slow


@pytest.mark.parametrize("number", list(EXIT_CODES))
def test_a_run_is_stopped_in_order_and_goes_on_to_the_same_bits(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = start("train", often(tmp_path), *LONG, "--runs-dir", tmp_path / "runs")
    path = wait_for(lambda: begun(tmp_path), process)
    check_end(process, path, number)
    shorten(path, 50)
    assert gdrun("resume", path, "-q").code == 0
    assert gdrun("train", path / "config.yaml", "--runs-dir", tmp_path / "again", "-q").code == 0
    found, expected = bits(path), bits(the_run(tmp_path / "again", "often"))
    assert found.pop("learning") != expected.pop("learning")  # of other epochs: another end was planned
    assert found == expected


def check_end(process: subprocess.Popen[str], path: Path, number: signal.Signals) -> None:
    """Send a signal to an endless run, and look at how it ends."""
    process.send_signal(number)
    answer = finish(process, within=promptly())
    assert answer.code == EXIT_CODES[number]
    word = "interrupted" if number == signal.SIGINT else "terminated"
    assert answer.err.splitlines()[-1] == f"gdrun: {word}; go on with: gdrun resume {path}"
    assert record(path)["status"] == "interrupted"
    assert list((path / "checkpoints").glob("*.checkpoint"))
    assert not list(path.rglob("*.tmp"))


DEAF = """
import signal
from gdrun.engines import interruption
interruption.SIGNALS = (signal.SIGINT, signal.SIGTERM)
from gdrun.__main__ import main
main()
"""


def test_one_that_nobody_listens_to_would_be_noticed(tmp_path: Path) -> None:
    """Negative control: the warning of SLURM isn't known, and ends the process as it does by default."""
    words = ("train", often(tmp_path), *LONG, "--runs-dir", tmp_path / "runs")
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    path = wait_for(lambda: begun(tmp_path), process)
    with pytest.raises(AssertionError):
        check_end(process, path, signal.SIGUSR1)
    assert process.returncode == -signal.SIGUSR1
    assert record(path)["status"] == "running"


def test_an_end_without_a_checkpoint_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a writer that keeps nothing."""
    monkeypatch.setattr(TileWriter, "save", lambda self, snapshot: None)
    interrupt_after(8, monkeypatch)
    path = train(tmp_path, "often", "epochs=20", code=130)
    assert not list(path.rglob("*.checkpoint"))
    monkeypatch.undo()
    assert gdrun("resume", path, "-q").code == 0
    assert "from the start" in (path / "run.log").read_text().splitlines()[-2]


@dataclass
class Tally:
    """What became of signals at random moments."""

    seconds: list[float] = field(default_factory=list)  # until the process had ended
    early: int = 0  # Python itself was still starting
    late: int = 0  # the run had come to its end
    before: int = 0  # there was no directory yet, or no update in it

    def __str__(self) -> str:
        return (
            f"{len(self.seconds)} stopped, {self.before} of them before the first epoch was done, "
            f"after {max(self.seconds, default=0):.2f} s at most; "
            f"{self.early} were too early and {self.late} too late"
        )


def stop_somewhere(folder: Path, words: tuple[str, ...], seed: int, tally: Tally) -> Path | None:
    """Start a command and stop it at a random moment; its directory, if there is one to go on with."""
    chance = random.Random(seed)
    number = list(EXIT_CODES)[seed % len(EXIT_CODES)]
    folder.mkdir()
    words = (f"epochs={EPOCHS}", *words, "--runs-dir", str(folder / "runs"), "-q")
    process = start("train", often(folder), *words, environment={MARK: str(folder)})
    if chance.random() < 0.3:
        time.sleep(chance.uniform(0.15, 0.9))
    else:
        aim = chance.randrange(1, EPOCHS * (4 if "--seeds" in words else 1))
        while rows_of(folder) < aim and process.poll() is None:
            time.sleep(0.001)
    sent = time.monotonic()
    process.send_signal(number)
    answer = finish(process, within=promptly())
    seconds = time.monotonic() - sent
    wait_for(lambda: not marked(str(folder)), seconds=promptly())
    assert "Traceback" not in answer.err
    path = next((folder / "runs").glob("*"), None)
    if answer.code == -number:
        tally.early += 1
    elif answer.code == 0:
        tally.late += 1
    else:
        assert answer.code == EXIT_CODES[number], answer
        tally.seconds.append(seconds)
        if path is None:
            tally.before += 1
        else:
            look_at(path, tally)
    return path


def look_at(path: Path, tally: Tally) -> None:
    """What a run or group is like that was stopped."""
    assert not list(path.rglob("*.tmp"))
    members = list((path / "members").glob("*")) or [path]
    status = record(path)["status"]
    if status == "completed":  # while its report was written
        return
    assert status == "interrupted"
    assert {record(member)["status"] for member in members} <= {"interrupted", *FINAL}
    if all(rows_of(member) > 2 for member in members):  # a title, the start and an epoch
        assert list(path.rglob("*.checkpoint"))
    else:
        tally.before += 1


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("what", "turns"),
    [
        ("run", 2),
        ("group", 1),
        pytest.param("run", 300, marks=SLOW),
        pytest.param("group", 40, marks=SLOW),  # and those of test_cli_groups_stopped.py
    ],
)
def test_at_random_moments(tmp_path: Path, what: str, turns: int, request: pytest.FixtureRequest) -> None:
    """Each goes on to the same bits; moments before Python listens don't count."""
    words, name, bits_of = {
        "run": ((), "undisturbed", bits),
        "group": (GROUP, "undisturbed_group", group_bits),
    }[what]
    expected: Any = bits_of(request.getfixturevalue(name))
    tally, seed = Tally(), 0
    while len(tally.seconds) < turns:
        path = stop_somewhere(tmp_path / str(seed), words, seed, tally)
        seed += 1
        if path is not None:
            assert gdrun("resume", path, "-q", "--workers", "1").code == 0
            assert bits_of(path) == expected
            assert (path / "report.html").is_file()
    print(f"{what}: {tally}, seeds 0 to {seed - 1}")


def test_while_the_data_are_read(tmp_path: Path) -> None:
    rows = "\n".join(f"{i},{i % 7},{i * 3 % 11}" for i in range(1_500_000))
    (tmp_path / "large.csv").write_text(f"a,b,y\n{rows}\n")
    (tmp_path / "c.yaml").write_text("dataset: {name: csv, path: large.csv, target: y}\n")
    for number, code in EXIT_CODES.items():
        process = start("train", tmp_path / "c.yaml", "--runs-dir", tmp_path / "runs")
        time.sleep(1.2)
        process.send_signal(number)
        answer = finish(process, within=promptly())
        assert answer.code == code, answer
        assert answer.err in ("gdrun: terminated\n", "gdrun: interrupted\n")
        assert not (tmp_path / "runs").exists()


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("turns", [1, pytest.param(20, marks=SLOW)])
def test_a_second_one_stops_at_once_and_the_group_goes_on(
    tmp_path: Path, undisturbed_group: Path, turns: int
) -> None:
    stopped = 0
    for seed in range(turns):
        chance, folder = random.Random(seed), tmp_path / str(seed)
        folder.mkdir()
        words = (f"epochs={EPOCHS}", *GROUP, "--runs-dir", folder / "runs", "-q")
        process = start("train", often(folder), *words)
        path = wait_for(lambda inside=folder: begun(inside), process)
        workers = family(process.pid)
        assert len(workers) == 2
        process.send_signal(signal.SIGINT)
        time.sleep(chance.uniform(0.0, 0.1) if seed else 0.0)
        process.send_signal(signal.SIGINT)
        answer = finish(process, within=promptly())
        assert "Traceback" not in answer.err
        if answer.code != 0:
            assert answer.code == 130, answer
            assert f"gdrun resume {path}" in answer.err
            stopped += 1
        gone(workers)
        assert gdrun("resume", path, "-q").code == 0
        assert group_bits(path) == group_bits(undisturbed_group)
    print(f"{stopped} stopped at once in {turns} turns, seeds 0 to {turns - 1}")
    assert stopped


@pytest.mark.parametrize("number", list(EXIT_CODES))
def test_a_group_with_workers_is_stopped_in_order(
    tmp_path: Path, number: signal.Signals, undisturbed_group: Path
) -> None:
    words = (*GROUP, f"epochs={EPOCHS}", "--runs-dir", tmp_path / "runs", "-q")
    process = start("train", often(tmp_path), *words)
    path = wait_for(lambda: begun(tmp_path), process)
    workers = family(process.pid)
    process.send_signal(number)
    answer = finish(process, within=promptly())
    assert answer.code == EXIT_CODES[number], answer
    gone(workers)
    assert record(path)["status"] == "interrupted"
    assert {record(member)["status"] for member in (path / "members").iterdir()} == {"interrupted"}
    assert strict_json((path / "summary.json").read_text())["statuses"] == {"interrupted": 4}
    again = gdrun("resume", path, "-q", "--workers", "1")
    assert again.code == 0, again
    assert group_bits(path) == group_bits(undisturbed_group)
