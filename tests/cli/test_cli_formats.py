"""Directories of every released format are read; those of a format to come are refused with what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_commands import gdrun, record, the_run, train

import gdrun as library
from gdrun.errors import WeightsError
from gdrun.run_directory import directory, json_files
from gdrun.run_directory.directory import SCHEMA_VERSION
from gdrun.run_directory.json_files import read_json, sealed, to_json
from gdrun.run_directory.store import Group, Run, load
from gdrun.version import __version__

FORMATS = Path(__file__).parents[1] / "run_directory" / "formats"
RELEASED = sorted(path.name for path in FORMATS.iterdir() if path.is_dir() and path.name[0].isdecimal())


@pytest.fixture(params=RELEASED)
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a release left: `run`, `interrupted` and `group`."""
    return Path(shutil.copytree(FORMATS / request.param, tmp_path / "left"))


def test_every_release_has_left_something() -> None:
    assert __version__.rpartition(".")[0] in RELEASED, "python tests/run_directory/formats/make.py VERSION"


def test_a_run_is_read_and_used(left: Path) -> None:
    run = load(left / "run")
    assert isinstance(run, Run)
    assert (run.status, run.record["schema_version"]) == ("completed", 1)
    assert run.metrics["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert run.result["test"]["loss"] == pytest.approx(1.765, abs=1e-3)
    assert {name: array.shape for name, array in run.weights().items()} == {
        "layers.0.weight": (2, 4),
        "layers.0.bias": (4,),
        "layers.1.weight": (4, 3),
        "layers.1.bias": (3,),
    }
    assert sorted(run.split()) == ["test", "train", "validation"]
    assert len(run.predictions()["row"]) == 6
    evaluated = gdrun("evaluate", left / "run", "--json")
    assert evaluated.code == 0, evaluated
    assert library.load(left / "run").predict(np.zeros((3, 2))).shape == (3,)
    assert gdrun("report", left / "run").code == 0
    assert gdrun("runs", "show", left / "run").code == 0
    assert gdrun("runs", "list", "--runs-dir", left).code == 0


def test_a_group_is_read_and_reported(left: Path) -> None:
    group = load(left / "group")
    assert isinstance(group, Group)
    assert list(group.members) == ["fold-0", "fold-1"]
    assert group.results["status"].tolist() == ["completed", "completed"]
    assert group.summary["metrics"]["test_loss"]["mean"] == pytest.approx(1.263, abs=1e-3)
    assert gdrun("report", left / "group").code == 0
    answer = gdrun("resume", left / "group")
    assert "there is nothing to go on with" in " ".join(answer.err.split())


def test_an_interrupted_run_goes_on_or_is_refused_in_words(left: Path) -> None:
    """A later gdrun may train otherwise, and then must not go on."""
    answer = gdrun("resume", left / "interrupted", "-q")
    if answer.code == 0:
        assert record(left / "interrupted")["status"] == "completed"
    else:
        assert answer.code == 4
        assert "another version; start the run again" in answer.err


def of_format(path: Path, version: object) -> None:
    """Let the record of a run or group say that it has another format."""
    (file,) = [path / name for name in ("run.json", "group.json") if (path / name).exists()]
    file.write_bytes(sealed(to_json(read_json(file) | {"schema_version": version})[0]))


@pytest.mark.parametrize("which", ["run", "interrupted", "group"])
def test_a_format_to_come_is_refused_with_what_to_do(left: Path, which: str) -> None:
    of_format(left / which, SCHEMA_VERSION + 1)
    before = {path: path.read_bytes() for path in (left / which).rglob("*") if path.is_file()}
    for command in (("resume",), ("evaluate",), ("report",), ("runs", "show")):
        answer = gdrun(*command, left / which)
        assert answer.code == 4, answer
        assert f"has format {SCHEMA_VERSION + 1}, and this gdrun reads formats up to" in answer.last_line
        assert answer.last_line.endswith("use the gdrun that wrote it, or a newer one")
    assert "damaged" in gdrun("runs", "list", "--runs-dir", left).out
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, None, True])
def test_what_is_no_format_is_damaged(left: Path, version: object) -> None:
    of_format(left / "run", version)
    with pytest.raises(WeightsError, match="is damaged"):
        load(left / "run")


def test_without_the_question_a_format_to_come_would_be_taken_for_this_one(
    left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    of_format(left / "run", SCHEMA_VERSION + 1)
    monkeypatch.setattr(directory, "SCHEMA_VERSION", 99)
    assert gdrun("evaluate", left / "run").code == 0


def test_a_record_without_a_seal_is_read(left: Path) -> None:
    """One that was made by hand."""
    file = left / "run" / "run.json"
    file.write_text(json.dumps(read_json(file)))
    assert load(left / "run").status == "completed"
    assert json_files._SEAL not in read_json(file)


def test_a_run_of_now_has_this_format(tmp_path: Path) -> None:
    path = train(tmp_path, "now", "epochs=1")
    assert record(path)["schema_version"] == SCHEMA_VERSION
    assert the_run(tmp_path, "now") == path
