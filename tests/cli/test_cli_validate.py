"""`gdrun validate`: every mistake at once, with its place; data only when asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gdrun.cli.main import run

GOOD = "dataset: iris\nmodel: {name: mlp, hidden: [4]}\nepochs: 2\n"
WRONG = "datset: iris\noptimizer: {name: adm}\nepochs: 3.5\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def] # returns a closure
    monkeypatch.chdir(tmp_path)

    def _write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return name

    return _write


def test_valid_config_is_named_with_what_to_do_next(write, capsys):
    assert run(["validate", write("a.yaml", GOOD)]) == 0
    out, err = capsys.readouterr()
    assert "valid  a.yaml  iris · mlp · adam · 2 epochs" in out
    assert "gdrun train a.yaml" in out
    assert err == ""


def test_all_mistakes_of_a_file_come_at_once_with_their_places(write, capsys):
    assert run(["validate", write("a.yaml", WRONG)]) == 2
    out, err = capsys.readouterr()
    assert "wrong  a.yaml  4 problems" in out
    for place in ("a.yaml:1:1: datset", "a.yaml:2:19: optimizer.name", "a.yaml:3:9: epochs"):
        assert place in err
    assert "did you mean dataset?" in err
    assert "Traceback" not in err


def test_all_files_are_checked_though_the_first_is_wrong(write, capsys):
    names = [write("a.yaml", WRONG), write("b.yaml", GOOD), write("c.yaml", "dataset: irs\n")]
    assert run(["validate", *names]) == 2
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["wrong", "valid", "wrong"]
    assert "c.yaml:1:10: dataset" in err
    assert err.splitlines()[-1] == "gdrun: 2 of 3 configs cannot be run; correct them and validate again"


def test_changes_hold_for_all_files_and_their_mistakes_name_the_file(write, capsys):
    names = [write("a.yaml", GOOD), write("b.yaml", GOOD)]
    assert run(["validate", *names, "epochs=7"]) == 0
    assert capsys.readouterr().out.count("7 epochs") == 2
    assert run(["validate", *names, "epochs=x"]) == 2
    err = capsys.readouterr().err
    assert "gdrun: a.yaml: override 1" in err
    assert "gdrun: b.yaml: override 1" in err


def test_a_file_whose_name_looks_like_a_change_is_a_file(write, capsys):
    assert run(["validate", write("rate=1.yaml", GOOD)]) == 0
    assert "valid  rate=1.yaml" in capsys.readouterr().out


def test_notices_go_to_stderr_and_quiet_leaves_them_out(write, capsys):
    name = write("a.yaml", GOOD + "early_stopping: {patience: 50}\n")
    assert run(["validate", name]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("note: early_stopping.patience is 50")
    assert "note" not in out
    assert run(["validate", name, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_data_is_read_only_when_asked_for(write, capsys):
    name = write("a.yaml", "dataset: {name: csv, path: nowhere.csv}\n")
    assert run(["validate", name]) == 0
    assert run(["validate", name, "--data"]) == 3
    assert "nowhere.csv" in capsys.readouterr().err


def test_with_data_shapes_are_known_and_checked(write, capsys):
    assert run(["validate", write("a.yaml", GOOD), "--data"]) == 0
    assert "35 parameters" in capsys.readouterr().out  # 4·4 + 4 + 4·3 + 3
    layers = "model: {name: sequential, layers: [{name: dense, units: 7}]}\ndataset: iris\n"
    assert run(["validate", write("b.yaml", layers), "--data"]) == 2
    assert "end with a dense layer of 3 units" in capsys.readouterr().err


def test_a_config_mistake_counts_before_missing_data(write, capsys):
    names = [write("a.yaml", "dataset: {name: csv, path: nowhere.csv}\n"), write("b.yaml", WRONG)]
    assert run(["validate", *names, "--data"]) == 2
    assert "a.yaml: " in capsys.readouterr().err


def test_schedule_warnings_need_the_number_of_rows(write, capsys):
    name = write("a.yaml", GOOD + "schedule: {name: step, every_epochs: 50}\n")
    assert run(["validate", name]) == 0
    assert "schedule" not in capsys.readouterr().err
    assert run(["validate", name, "--data"]) == 0
    assert "note: schedule: the first step comes after" in capsys.readouterr().err


def test_json_has_every_problem_and_nothing_else_is_on_stdout(write, capsys):
    names = [write("a.yaml", WRONG), write("b.yaml", GOOD)]
    assert run(["validate", *names, "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["valid"] is False
    first, second = document["configs"]
    assert (first["valid"], second["valid"]) == (False, True)
    assert {"source", "line", "column", "key", "message"} == set(first["problems"][0])
    assert first["problems"][2]["key"] == "optimizer.name"
    assert first["problems"][2]["line"] == 2
    assert second["problems"] == []


def test_json_with_data_has_the_plan(write, capsys):
    assert run(["validate", write("a.yaml", GOOD), "--data", "--json"]) == 0
    (config,) = json.loads(capsys.readouterr().out)["configs"]
    assert config["plan"]["parameters"] == 35


@pytest.mark.parametrize("arguments", [["nowhere.yaml"], ["."], ["epochs=3"]])
def test_what_is_no_file_is_a_usage_error(write, capsys, arguments):
    assert run(["validate", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_nothing_is_written(write, tmp_path):
    name = write("a.yaml", GOOD)
    run(["validate", name, "--data"])
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_as_a_program(write):
    name = write("a.yaml", WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "gdrun", "validate", name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("gdrun: a.yaml:1:1: datset")
