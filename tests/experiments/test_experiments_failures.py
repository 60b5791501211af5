"""Groups some of whose runs fail: exactly those are blamed, and the others are complete."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_commands import bits, config_file, gdrun, record, strict_json, the_run, train

from gdrun.run_directory.tables import read_table

PLUGIN = """
import os, signal, sys
from dataclasses import dataclass
from pathlib import Path
from gdrun.errors import DataError
from gdrun.experiments.writer import TileWriter
from gdrun.optim.sgd import Sgd

@dataclass(frozen=True)
class {name}(Sgd):
    "Descent."

begin = TileWriter.begin

def begin_or_fail(self, *arguments):
    begin(self, *arguments)
    for run in self.trainer.stack.runs:
        path = self.directories[run].path
        if path.name == "seed-2" and os.getpid() != {parent} and not Path({mended!r}).exists():
            with Path({tries!r}).open("a") as file:
                file.write("x")
            {failure}

TileWriter.begin = begin_or_fail
"""


@pytest.fixture
def plugin(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A plugin that makes one run of a group fail in a worker."""
    path = tmp_path / "plugin.py"
    words = {
        "name": f"Descent{abs(hash(tmp_path.name))}",
        "mended": str(tmp_path / "mended"),
        "parent": os.getpid(),
        "tries": str(tmp_path / "tries"),
        "failure": request.param,
    }
    path.write_text(PLUGIN.format(**words))
    return path


KILL = "os.kill(os.getpid(), signal.SIGKILL)"
EARLIER_ALONE = """
epoch_ended = TileWriter.epoch_ended

def end_or_die(self, epoch):
    names = [directory.path.name for directory in self.directories]
    dies = "seed-2" in names and os.getpid() != {parent} and not Path({mended!r}).exists()
    if dies and epoch == (5 if len(names) > 1 else 2):
        os.kill(os.getpid(), signal.SIGKILL)
    epoch_ended(self, epoch)

TileWriter.epoch_ended = end_or_die
"""
RAISE = "raise DataError('row 7 is odd; correct it')"


def test_a_stack_that_was_taken_apart_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """Its checkpoint is of epoch 4; alone, seed-2 came to epoch 1 of its own, and its table with it."""
    head = PLUGIN.partition("begin = ")[0].format(name="Descent0")
    (tmp_path / "plugin.py").write_text(
        head + EARLIER_ALONE.format(mended=str(tmp_path / "mended"), parent=os.getpid())
    )
    often = ("epochs=8", "checkpoint={min_seconds: 0}")
    words = (*often, "--seeds", "4", "--workers", "2", "--plugin", tmp_path / "plugin.py")
    answer = gdrun("train", config_file(tmp_path), *words, "--runs-dir", tmp_path / "runs", "-q")
    assert answer.code == 8, answer
    path = the_run(tmp_path / "runs", "blobs")
    (tmp_path / "mended").touch()
    assert gdrun("resume", path, "-q").code == 0
    assert record(path)["status"] == "completed"
    assert bits(path / "members" / "seed-2") == bits(train(tmp_path, "alone", "seed=2", *often))
    assert not list(path.rglob("*.checkpoint"))


@pytest.mark.parametrize("engine", ["local", pytest.param("dask", marks=pytest.mark.slow)])
@pytest.mark.parametrize("plugin", [KILL], indirect=True)
def test_a_run_that_kills_its_workers_is_blamed_alone(tmp_path: Path, plugin: Path, engine: str) -> None:
    words = ("--seeds", "4", "--workers", "2", "--plugin", plugin, "--runs-dir", tmp_path / "runs", "-q")
    words += ("--engine", engine)
    answer = gdrun("train", config_file(tmp_path), *words)
    assert answer.code == 8
    how = "SIGKILL" if engine == "local" else "the last one was tcp://"
    assert f"1 of 4 runs failed (seed-2): the worker process died 3 times in a row ({how}" in answer.err
    path = the_run(tmp_path / "runs", "blobs")
    assert f"after mending the cause: gdrun resume {path}" in answer.last_line
    assert (tmp_path / "tries").read_text() == "x" * 6  # three times in its stack, three times alone
    table = read_table(path / "results.csv")
    assert table["status"].tolist() == ["completed", "completed", "failed", "completed"]
    assert table["run"].tolist() == [f"seed-{number}" for number in range(4)]
    assert record(path)["status"] == "failed"
    assert strict_json((path / "summary.json").read_text())["statuses"] == {"completed": 3, "failed": 1}
    assert bits(path / "members" / "seed-3") == bits(train(tmp_path, "alone", "seed=3"))

    (tmp_path / "mended").touch()
    again = gdrun("resume", path, "--json")
    assert again.code == 0, again
    assert again.document["results"]["status"] == ["completed"] * 4
    assert record(path / "members" / "seed-2")["reason"] is None
    assert bits(path / "members" / "seed-2") == bits(train(tmp_path, "other", "seed=2"))
    assert not list(path.rglob("*.checkpoint"))


@pytest.mark.parametrize("plugin", [RAISE], indirect=True)
def test_a_failure_is_told_with_its_reason(tmp_path: Path, plugin: Path) -> None:
    words = ("--seeds", "4", "--workers", "2", "--plugin", plugin, "--runs-dir", tmp_path / "runs", "-q")
    answer = gdrun("train", config_file(tmp_path), *words)
    assert answer.code == 8
    assert "row 7 is odd; correct it" in answer.err
    path = the_run(tmp_path / "runs", "blobs")
    member = record(path / "members" / "seed-2")
    assert (member["status"], member["reason"]) == ("failed", "row 7 is odd; correct it")
    assert record(path)["reason"] == "row 7 is odd; correct it"
    (tmp_path / "mended").touch()
    assert gdrun("resume", path, "-q").code == 0


@pytest.mark.parametrize("plugin", [RAISE], indirect=True)
def test_if_all_fail_the_exit_code_is_that_of_the_reason(tmp_path: Path, plugin: Path) -> None:
    plugin.write_text(plugin.read_text().replace('path.name == "seed-2" and', ""))
    words = ("--seeds", "2", "--workers", "2", "--plugin", plugin, "--runs-dir", tmp_path / "runs", "-q")
    answer = gdrun("train", config_file(tmp_path), *words)
    assert answer.code == 3
    assert answer.err == "gdrun: row 7 is odd; correct it\n"
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("plugin", [RAISE], indirect=True)
def test_a_comparison_goes_on_without_a_trial_that_failed(tmp_path: Path, plugin: Path) -> None:
    plugin.write_text(plugin.read_text().replace('"seed-2"', '"adam-trial-01-seed-0"'))
    config = config_file(tmp_path)
    words = ("--optimizers", "sgd,adam", "--trials", "2", "--seeds", "6", "--workers", "2", "-q")
    options = ("--plugin", plugin, "--runs-dir", tmp_path / "runs")
    answer = gdrun("compare-optimizers", config, *words, *options)
    assert answer.code == 8
    assert "runs failed (" in answer.err
    assert "adam-trial-01-seed-0" in answer.err
    path = the_run(tmp_path / "runs", "blobs")
    table = read_table(path / "results.csv")
    failed = table["run"][table["status"] == "failed"].tolist()
    assert "adam-trial-01-seed-0" in failed
    assert set(table["phase"][table["status"] == "failed"]) == {"tuning"}
    assert set(table["optimizer"][table["phase"] == "evaluation"]) == {"sgd"}
    summary = strict_json((path / "summary.json").read_text())
    assert any("of its trial runs failed" in said for said in summary["problems"][0]["notices"])
    (tmp_path / "mended").touch()
    assert gdrun("resume", path, "-q").code == 0
    undisturbed = gdrun("compare-optimizers", config, *words, "--runs-dir", tmp_path / "other", "--json")
    table = read_table(path / "results.csv")
    assert "failed" not in table["status"].tolist()
    summary = strict_json((path / "summary.json").read_text())
    for name, contestant in undisturbed.document["summary"]["problems"][0]["contestants"].items():
        found = summary["problems"][0]["contestants"][name]
        assert found["chosen"] == contestant["chosen"]
        assert found["tuning"] == contestant["tuning"]
        assert found["validation"] == contestant["validation"]
