"""Runs that were interrupted, terminated or killed, and `gdrun resume`: in the end, the same bits."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from cli_commands import (
    bits,
    gdrun,
    group_bits,
    kill,
    record,
    start,
    the_run,
    train,
    wait_for,
)
from cli_stopped import LONG, begun, interrupt_after, often

from gdrun.run_directory.reading import digest_of
from gdrun.run_directory.run import RunDirectory
from gdrun.run_directory.tables import read_table
from gdrun.version import __version__


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
