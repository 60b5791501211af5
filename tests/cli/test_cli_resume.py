"""Runs that were interrupted, terminated or killed, and `gdrun resume`: in the end, the same bits."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from cli_commands import (
    bits,
    child_processes,
    config_file,
    finish,
    gdrun,
    group_bits,
    is_alive,
    kill,
    record,
    start,
    strict_json,
    the_run,
    train,
    wait_for,
)

from gdrun.run_directory.reading import digest_of
from gdrun.run_directory.run import RunDirectory
from gdrun.run_directory.tables import read_table
from gdrun.version import __version__

EPOCHS = 250
KILLS = 6
LONG = ("epochs=100000", "evaluation.every_epochs=20")  # until somebody interrupts
OFTEN = "checkpoint: {min_seconds: 0}\nmodel: {name: mlp, hidden: [8], dropout: 0.1, batch_norm: true}\n"
TO_THE_SECOND = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 143}


def often(folder: Path) -> Path:
    """A config with a checkpoint after every epoch."""
    path = config_file(folder, "often")
    path.write_text(path.read_text().replace("model: {name: mlp, hidden: [8]}\n", OFTEN))
    return path


def begun(folder: Path, name: str = "often", rows: int = 3) -> Path | None:
    """The run's directory, once it has some rows of metrics."""
    for path in (folder / "runs").glob(f"????????-??????-{name}"):
        files = [*path.glob("metrics.csv"), *path.glob("members/*/metrics.csv")]
        if files and all(file.read_bytes().count(b"\n") > rows for file in files):
            return path
    return None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert gdrun("train", often(folder), f"epochs={EPOCHS}", "--runs-dir", folder, "-q").code == 0
    return the_run(folder, "often")


@pytest.fixture(scope="module")
def undisturbed_group(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group of four that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    words = (f"epochs={EPOCHS}", "--seeds", "4", "--workers", "1", "--runs-dir", folder, "-q")
    assert gdrun("train", often(folder), *words).code == 0
    return the_run(folder, "often")


class TestSignals:
    @pytest.mark.parametrize("number", list(TO_THE_SECOND))
    def test_stop_a_run_in_order_and_it_goes_on_to_the_same_bits(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        config = often(tmp_path)
        process = start("train", config, *LONG, "--runs-dir", tmp_path / "runs")
        path = wait_for(lambda: begun(tmp_path), process)
        sent = time.monotonic()
        process.send_signal(number)
        answer = finish(process)
        assert time.monotonic() - sent < 5
        assert answer.code == TO_THE_SECOND[number]
        word = "interrupted" if number == signal.SIGINT else "terminated"
        assert answer.err.splitlines()[-1] == f"gdrun: {word}; go on with: gdrun resume {path}"
        assert record(path)["status"] == "interrupted"
        assert list((path / "checkpoints").glob("*.checkpoint"))
        assert not list(path.rglob("*.tmp"))
        shorten(path, 50)
        assert gdrun("resume", path, "-q").code == 0
        assert gdrun("train", path / "config.yaml", "--runs-dir", tmp_path / "again", "-q").code == 0
        found, expected = bits(path), bits(the_run(tmp_path / "again", "often"))
        assert found.pop("learning") != expected.pop("learning")  # of other epochs: another end was planned
        assert found == expected

    @pytest.mark.parametrize("turns", [4, pytest.param(100, marks=pytest.mark.slow)])
    def test_at_random_moments(self, tmp_path: Path, turns: int) -> None:
        chance = random.Random(turns)
        for turn in range(turns):
            folder = tmp_path / str(turn)
            folder.mkdir()
            number = chance.choice(list(TO_THE_SECOND))
            process = start("train", often(folder), *LONG, "--runs-dir", folder / "runs")
            time.sleep(chance.uniform(0.15, 0.9))
            process.send_signal(number)
            answer = finish(process, within=5)
            if answer.code == -number:
                continue  # Python itself was still starting
            assert answer.code == TO_THE_SECOND[number], answer
            assert "Traceback" not in answer.err
            for path in (folder / "runs").glob("*"):
                assert gdrun("runs", "list", "--runs-dir", folder / "runs").code == 0
                assert record(path)["status"] == "interrupted"

    def test_while_the_data_are_read(self, tmp_path: Path) -> None:
        rows = "\n".join(f"{i},{i % 7},{i * 3 % 11}" for i in range(1_500_000))
        (tmp_path / "large.csv").write_text(f"a,b,y\n{rows}\n")
        (tmp_path / "c.yaml").write_text("dataset: {name: csv, path: large.csv, target: y}\n")
        for number, code in TO_THE_SECOND.items():
            process = start("train", tmp_path / "c.yaml", "--runs-dir", tmp_path / "runs")
            time.sleep(1.2)
            process.send_signal(number)
            answer = finish(process, within=5)
            assert answer.code == code, answer
            assert answer.err in ("gdrun: terminated\n", "gdrun: interrupted\n")
            assert not (tmp_path / "runs").exists()

    def test_a_second_one_stops_at_once_and_the_group_goes_on(
        self, tmp_path: Path, undisturbed_group: Path
    ) -> None:
        config = often(tmp_path)
        words = (f"epochs={EPOCHS}", "--seeds", "4", "--workers", "2", "--runs-dir", tmp_path / "runs", "-q")
        process = start("train", config, *words)
        path = wait_for(lambda: begun(tmp_path), process)
        workers = child_processes(process.pid)
        assert len(workers) == 2
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        answer = finish(process, within=5)
        if answer.code != 0:
            assert answer.code == 130, answer
            assert f"gdrun resume {path}" in answer.err
        wait_for(lambda: not any(map(is_alive, workers)))
        assert gdrun("resume", path, "-q").code == 0
        assert group_bits(path) == group_bits(undisturbed_group)

    @pytest.mark.parametrize("number", list(TO_THE_SECOND))
    def test_stop_a_group_with_workers(
        self, tmp_path: Path, number: signal.Signals, undisturbed_group: Path
    ) -> None:
        config = often(tmp_path)
        words = ("--seeds", "4", "--workers", "2", f"epochs={EPOCHS}", "--runs-dir", tmp_path / "runs", "-q")
        process = start("train", config, *words)
        path = wait_for(lambda: begun(tmp_path), process)
        workers = child_processes(process.pid)
        process.send_signal(number)
        answer = finish(process, within=5)
        assert answer.code == TO_THE_SECOND[number], answer
        assert not any(map(is_alive, workers))
        assert record(path)["status"] == "interrupted"
        assert {record(member)["status"] for member in (path / "members").iterdir()} == {"interrupted"}
        assert strict_json((path / "summary.json").read_text())["statuses"] == {"interrupted": 4}
        again = gdrun("resume", path, "-q", "--workers", "1")
        assert again.code == 0, again
        assert group_bits(path) == group_bits(undisturbed_group)


def shorten(path: Path, further: int) -> None:
    """Let an endless run end some epochs from here: in its config and in its checkpoints alike."""
    checkpoints = RunDirectory.open(path, lock=False).checkpoints()
    newest = checkpoints.newest()
    assert newest is not None
    epochs = newest.epoch + further
    text = (path / "config.yaml").read_text().replace("epochs: 100000\n", f"epochs: {epochs}\n")
    (path / "config.yaml").write_text(text)
    RunDirectory.open(path, lock=False).set(files={"config.yaml": digest_of(text.encode())})
    for spec in newest.document["identity"]["config"]:
        spec["epochs"] = epochs
    arrays = {name: array for name, array in newest.arrays.items() if not name.startswith("learning.")}
    checkpoints.write(newest.epoch, newest.step, arrays, newest.document)  # pictures are of planned epochs


def rows_of(path: Path) -> int:
    """Rows of all metrics below a directory."""
    return sum(file.read_bytes().count(b"\n") for file in path.rglob("metrics.csv"))


def resume_and_kill(path: Path, chance: random.Random) -> bool:
    """Kill a resume after some more epochs, or a little earlier; False if it came to its end before."""
    process = start("resume", path, "-q")
    if chance.random() < 0.25:  # while it starts
        time.sleep(chance.uniform(0.1, 0.5))
    else:
        aim = rows_of(path) + chance.randrange(1, 30)
        while process.poll() is None and rows_of(path) < aim:
            time.sleep(0.001)
    running = process.poll() is None
    kill(process)
    return running


class TestKills:
    @pytest.mark.parametrize("seed", [1, *(pytest.param(i, marks=pytest.mark.slow) for i in range(2, 27))])
    def test_of_a_run_several_in_a_row(self, tmp_path: Path, undisturbed: Path, seed: int) -> None:
        chance = random.Random(seed)
        config = often(tmp_path)
        process = start("train", config, f"epochs={EPOCHS}", "--runs-dir", tmp_path / "runs", "-q")
        path = wait_for(lambda: begun(tmp_path, rows=1), process)
        kill(process)
        assert record(path)["status"] == "running"
        assert gdrun("runs", "list", "--runs-dir", tmp_path / "runs", "--json").document
        killed = sum(resume_and_kill(path, chance) for _ in range(KILLS))
        assert killed >= KILLS // 2
        assert gdrun("resume", path, "-q").code == 0
        assert bits(path) == bits(undisturbed)
        assert not list(path.rglob("*.tmp"))

    @pytest.mark.parametrize("seed", [2, *(pytest.param(i, marks=pytest.mark.slow) for i in range(3, 14))])
    def test_of_a_group_with_workers(self, tmp_path: Path, undisturbed_group: Path, seed: int) -> None:
        chance = random.Random(seed)
        words = (f"epochs={EPOCHS}", "--seeds", "4", "--workers", "2", "--runs-dir", tmp_path / "runs", "-q")
        process = start("train", often(tmp_path), *words)
        path = wait_for(lambda: begun(tmp_path, rows=1), process)
        workers = child_processes(process.pid)
        kill(process)
        wait_for(lambda: not any(map(is_alive, workers)), seconds=5)
        for _ in range(2):
            resume_and_kill(path, chance)
        answer = gdrun("resume", path, "-q")
        assert answer.code == 0, answer
        assert group_bits(path) == group_bits(undisturbed_group)

    def test_of_one_worker_costs_nothing(self, tmp_path: Path, undisturbed_group: Path) -> None:
        words = (f"epochs={EPOCHS}", "--seeds", "4", "--workers", "2", "--runs-dir", tmp_path / "runs", "-q")
        process = start("train", often(tmp_path), *words)
        path = wait_for(lambda: begun(tmp_path, rows=1), process)
        worker = child_processes(process.pid)[0]
        subprocess.run(["kill", "-9", str(worker)], check=True)
        answer = finish(process)
        assert answer.code == 0, answer
        assert group_bits(path) == group_bits(undisturbed_group)

    @pytest.mark.slow
    def test_of_a_worker_again_and_again(self, tmp_path: Path, undisturbed_group: Path) -> None:
        words = (f"epochs={EPOCHS}", "--seeds", "4", "--workers", "2", "--runs-dir", tmp_path / "runs", "-q")
        chance = random.Random(3)
        process = start("train", often(tmp_path), *words)
        killed = 0
        while process.poll() is None:
            time.sleep(0.6)
            if workers := child_processes(process.pid):
                subprocess.run(["kill", "-9", str(chance.choice(workers))], check=False)
                killed += 1
        answer = finish(process)
        path = the_run(tmp_path / "runs", "often")
        assert killed >= 2
        if answer.code != 0:  # one was unlucky three times and again alone
            assert answer.code in (7, 8), answer
            assert gdrun("resume", path, "-q").code == 0
        assert group_bits(path) == group_bits(undisturbed_group)


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with its table that was interrupted after some epochs."""
    rows = "\n".join(f"{i},{i % 7},{i * 3 % 11}" for i in range(200))
    (tmp_path / "table.csv").write_text(f"a,b,y\n{rows}\n")
    (tmp_path / "c.yaml").write_text(
        "name: often\ndataset: {name: csv, path: table.csv, target: y}\nepochs: 20\n"
        "checkpoint: {min_seconds: 0}\nmodel: {name: mlp, hidden: [4]}\n"
    )
    interrupt_after(8, monkeypatch)
    answer = gdrun("train", tmp_path / "c.yaml", "--runs-dir", tmp_path / "runs", "-q")
    monkeypatch.undo()
    assert answer.code == 130
    return the_run(tmp_path / "runs", "often")


def interrupt_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every run receive SIGINT when so many epochs are done."""
    from gdrun.experiments.writer import TileWriter

    def epoch_ended(self: Any, epoch: int) -> None:
        if epoch == epochs:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TileWriter, "epoch_ended", epoch_ended)


class TestResume:
    def test_of_a_finished_run_says_so(self, classifier: Path) -> None:
        before = bits(classifier)
        answer = gdrun("resume", classifier)
        assert answer.code == 0
        assert "has ended already: there is nothing to go on with" in " ".join(answer.err.split())
        assert bits(classifier) == before

    def test_of_a_finished_group_says_so(self, members: Path) -> None:
        answer = gdrun("resume", members, "--json")
        assert answer.code == 0
        assert answer.document["status"] == "completed"
        assert "nothing to go on with" in " ".join(answer.err.split())

    def test_of_a_run_that_is_going_on_names_its_holder(self, tmp_path: Path) -> None:
        process = start("train", often(tmp_path), *LONG, "--runs-dir", tmp_path / "runs", "-q")
        path = wait_for(lambda: begun(tmp_path), process)
        answer = gdrun("resume", path)
        assert answer.code == 5
        assert f"process {process.pid} on " in answer.err
        kill(process)

    def test_of_a_member_names_the_group(self, members: Path) -> None:
        answer = gdrun("resume", members / "members" / "seed-1")
        assert answer.code == 2
        assert f"gdrun resume {members}" in answer.last_line
        assert not (members / "members" / "seed-1" / ".lock").exists()

    def test_of_nothing(self, tmp_path: Path) -> None:
        answer = gdrun("resume", "latest", "--runs-dir", tmp_path)
        assert answer.code == 2
        assert "there is no run" in answer.last_line

    def test_goes_on_by_name_and_by_latest(self, interrupted: Path) -> None:
        answer = gdrun("resume", "latest", "--runs-dir", interrupted.parent, "-q")
        assert answer.code == 0, answer
        assert record(interrupted)["status"] == "completed"
        assert "from epoch 8" in (interrupted / "run.log").read_text()

    def test_from_an_older_checkpoint_if_the_newest_is_damaged(self, interrupted: Path) -> None:
        newest = max((interrupted / "checkpoints").glob("*.checkpoint"))
        content = bytearray(newest.read_bytes())
        content[len(content) // 2] ^= 1
        newest.write_bytes(content)
        undamaged = interrupted.parent / "copy"
        shutil.copytree(interrupted, undamaged)
        assert gdrun("resume", interrupted, "-q").code == 0
        log = (interrupted / "run.log").read_text()
        assert "SHA-256 digest differs" in log
        assert "from epoch 7" in log
        again = gdrun("train", interrupted / "config.yaml", "--runs-dir", interrupted.parent / "again", "-q")
        assert again.code == 0
        assert bits(the_run(interrupted.parent / "again", "often")) == bits(interrupted)

    def test_is_refused_if_all_are_damaged(self, interrupted: Path) -> None:
        for path in (interrupted / "checkpoints").glob("*.checkpoint"):
            path.write_bytes(path.read_bytes()[:-1])
        answer = gdrun("resume", interrupted)
        assert answer.code == 4
        assert "every checkpoint is damaged" in answer.last_line
        assert record(interrupted)["status"] == "failed"

    def test_is_refused_if_the_config_was_changed(self, interrupted: Path) -> None:
        config = interrupted / "config.yaml"
        config.write_text(config.read_text().replace("epochs: 20", "epochs: 21"))
        answer = gdrun("resume", interrupted)
        assert answer.code == 2
        assert "config.yaml cannot be read: it is not what was written" in answer.last_line

    @pytest.mark.parametrize("file", ["table.csv", "config.yaml"])
    def test_is_refused_if_something_else_was_meant(self, interrupted: Path, file: str) -> None:
        table, config = interrupted.parents[1] / "table.csv", interrupted / "config.yaml"
        if file == "table.csv":
            table.write_text(table.read_text().replace("5,5,4", "5,5,5"))
        else:
            config.write_text(config.read_text().replace("epochs: 20", "epochs: 21"))
            with RunDirectory.open(interrupted) as run:  # a record that vouches for it
                run.set(files={"config.yaml": digest_of(config.read_bytes())})
        answer = gdrun("resume", interrupted)
        assert answer.code == 4
        assert "belongs to another config, other data or another version" in answer.last_line

    def test_is_refused_if_the_metrics_are_gone(self, interrupted: Path) -> None:
        (interrupted / "metrics.csv").unlink()
        answer = gdrun("resume", interrupted)
        assert answer.code == 4
        assert "metrics.csv" in answer.last_line

    def test_cuts_a_torn_line_of_the_metrics(self, interrupted: Path) -> None:
        with (interrupted / "metrics.csv").open("a") as file:
            file.write("9,63,0.00")
        assert gdrun("resume", interrupted, "-q").code == 0
        assert read_table(interrupted / "metrics.csv")["epoch"].tolist() == list(range(21))

    def test_of_a_run_without_checkpoints_starts_anew(self, interrupted: Path) -> None:
        shutil.rmtree(interrupted / "checkpoints")
        assert gdrun("resume", interrupted, "-q").code == 0
        assert read_table(interrupted / "metrics.csv")["epoch"].tolist() == list(range(21))

    def test_of_a_group_whose_first_tile_is_done(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from gdrun.experiments import tiles

        monkeypatch.setattr(tiles, "tile_counts", lambda works, runs, workers: [2])
        whole = train(tmp_path, "whole", "--seeds", "4", "epochs=9")
        seen: list[Any] = []
        from gdrun.experiments.writer import TileWriter

        def epoch_ended(self: Any, epoch: int) -> None:
            seen.append(epoch)
            if len(seen) == 12:
                signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(TileWriter, "epoch_ended", epoch_ended)
        path = train(tmp_path, "part", "--seeds", "4", "epochs=9", code=130)
        statuses = [record(path / "members" / f"seed-{i}")["status"] for i in range(4)]
        assert statuses == ["completed", "completed", "interrupted", "interrupted"]
        monkeypatch.undo()
        answer = gdrun("resume", path, "--json")
        assert answer.code == 0, answer
        assert answer.document["status"] == "completed"
        found, expected = group_bits(path), group_bits(whole)
        assert found == expected


def test_identity_is_in_the_checkpoint(interrupted: Path) -> None:
    newest = RunDirectory.open(interrupted, lock=False).checkpoints().newest()
    assert newest is not None
    identity = newest.document["identity"]
    assert json.loads(json.dumps(identity)) == identity
    assert identity["gdrun"] == __version__
    assert identity["data"] == [record(interrupted)["data"]["sha256"]]
