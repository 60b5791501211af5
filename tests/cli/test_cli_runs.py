"""`gdrun runs`: list, show, diff and remove what runs have left."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from gdrun.cli.main import run
from gdrun.run_directory.json_files import read_json
from gdrun.run_directory.lock import DirectoryLock
from gdrun.run_directory.run import RunDirectory

CONFIG = "dataset: iris\nmodel: {name: mlp, hidden: [4]}\nepochs: 2\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A runs directory with a run, one with another rate, and a group of three."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "small.yaml").write_text(CONFIG)
    for arguments in (["name=first"], ["name=second", "optimizer.learning_rate=0.5"], ["--seeds", "3"]):
        given = ["train", str(folder / "small.yaml"), "--runs-dir", str(folder / "runs"), "-q", *arguments]
        assert run(given) == 0
    return folder / "runs"


@pytest.fixture
def runs(trained, tmp_path, monkeypatch, capsys):
    """A copy of it as `runs` of the current folder; nothing is captured yet."""
    shutil.copytree(trained, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    return tmp_path / "runs"


def named(runs, name):
    return next(path for path in runs.iterdir() if path.name.endswith(name))


def document(capsys):
    return json.loads(capsys.readouterr().out)


def test_list_has_a_line_a_run_the_newest_first(runs, capsys):
    assert run(["runs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "command", "status", "result", "time", "when"]
    names = [line.split()[0] for line in lines[1:4]]
    assert names == sorted((path.name for path in runs.iterdir()), reverse=True)
    (group,) = [line for line in lines if "small" in line]
    assert "train ×3" in group
    assert "±" in group
    assert all("accuracy" in line and "completed" in line for line in lines[1:4])


def test_list_as_json(runs, capsys):
    assert run(["runs", "list", "--json"]) == 0
    entries = {entry["name"]: entry for entry in document(capsys)["runs"]}
    assert set(entries) == {"first", "second", "small"}
    assert entries["first"]["kind"] == "run"
    assert entries["first"]["members"] is None
    assert 0 <= entries["first"]["result"]["test"]["accuracy"] <= 1
    assert (entries["small"]["kind"], entries["small"]["members"]) == ("group", 3)


def test_list_by_status(runs, capsys):
    with RunDirectory.open(named(runs, "first")) as directory:
        directory.set(status="diverged")
    assert run(["runs", "list", "--status", "diverged", "--json"]) == 0
    assert [entry["name"] for entry in document(capsys)["runs"]] == ["first"]
    assert run(["runs", "list", "--status", "failed"]) == 0
    assert "none of the 3 runs" in capsys.readouterr().out
    assert run(["runs", "list", "--status", "divergd"]) == 2
    assert "did you mean diverged?" in capsys.readouterr().err


def test_a_damaged_run_is_listed_and_said(runs, capsys):
    (named(runs, "first") / "run.json").write_text("{")
    (named(runs, "small") / "summary.json").write_text("{")
    assert run(["runs", "list"]) == 0
    out, err = capsys.readouterr()
    assert "damaged" in out
    assert "run.json is damaged" in err
    assert run(["runs", "list", "--json"]) == 0
    problems = [entry["problem"] for entry in document(capsys)["runs"]]
    assert sum(problem is not None for problem in problems) == 2


def test_a_run_whose_process_is_gone_is_interrupted(runs, capsys):
    path = named(runs, "first")
    with RunDirectory.open(path) as directory:
        directory.set(status="running")
    run(["runs", "show", str(path), "--json"])
    assert document(capsys)["status"] == "interrupted"
    run(["runs", "show", str(path)])
    assert "gdrun resume" in capsys.readouterr().out


def test_no_runs_yet(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["runs", "list"]) == 0
    assert "no runs under runs yet" in capsys.readouterr().out
    assert run(["runs", "list", "--json"]) == 0
    assert document(capsys) == {"runs_directory": "runs", "runs": []}
    assert run(["runs", "show", "latest"]) == 2


def test_show_a_run(runs, capsys):
    assert run(["runs", "show", named(runs, "first").name]) == 0
    out = capsys.readouterr().out
    for part in ("status", "completed", "validation", "learning_rate: 0.001", "numpy", "35"):
        assert part in out


def test_show_a_run_as_json(runs, capsys):
    path = named(runs, "first")
    assert run(["runs", "show", str(path), "--json"]) == 0
    shown = document(capsys)
    assert read_json(path / "run.json").items() <= shown.items()
    assert shown["config"]["optimizer"]["learning_rate"] == 0.001


def test_show_a_group_with_its_members(runs, capsys):
    path = named(runs, "small")
    assert run(["runs", "show", str(path)]) == 0
    out = capsys.readouterr().out
    for part in ("Summary", "Members  3 of 3", "seed-0", "seed-2", "test_accuracy"):
        assert part in out
    assert run(["runs", "show", str(path), "--json"]) == 0
    shown = document(capsys)
    assert [row["run"] for row in shown["results"]] == ["seed-0", "seed-1", "seed-2"]
    assert shown["summary"]["runs"] == 3


def test_show_a_member_and_a_group_that_has_no_results_yet(runs, capsys):
    group = named(runs, "small")
    assert run(["runs", "show", f"{group.name}/seed-1"]) == 0
    assert f"{group.name}/seed-1" in capsys.readouterr().out
    (group / "results.csv").unlink()
    (group / "summary.json").unlink()
    assert run(["runs", "show", group.name]) == 0
    assert "seed-2" in capsys.readouterr().out


def test_diff_names_what_differs_and_only_that(runs, capsys):
    pair = [str(named(runs, "first")), str(named(runs, "second"))]
    assert run(["runs", "diff", *pair]) == 0
    out = capsys.readouterr().out
    assert "optimizer.learning_rate" in out
    assert "batch_size" not in out
    assert "Environment  the same" in out
    assert run(["runs", "diff", *pair, "--json"]) == 0
    found = document(capsys)
    assert {row["key"] for row in found["config"]} == {"name", "optimizer.learning_rate"}
    assert {"key": "optimizer.learning_rate", "first": 0.001, "second": 0.5} in found["config"]
    assert "test.accuracy" in {row["key"] for row in found["results"]}


def test_diff_of_a_run_with_itself_and_of_groups(runs, capsys):
    group = named(runs, "small").name
    assert run(["runs", "diff", group, group]) == 0
    out = capsys.readouterr().out
    assert "Config  the same" in out
    assert "test_accuracy.mean" in out
    assert "test_accuracy.excluded" not in out


@pytest.mark.parametrize("command", [["show"], ["diff", "latest"], ["remove", "--yes"]])
def test_an_unknown_run_is_a_usage_error(runs, capsys, command):
    assert run(["runs", *command, "nowhere"]) == 2
    err = capsys.readouterr().err
    assert "nowhere names no run under runs" in err
    assert "Traceback" not in err
    assert len(list(runs.iterdir())) == 3


def test_remove_takes_away_what_was_named(runs, capsys):
    first, group = named(runs, "first"), named(runs, "small")
    assert run(["runs", "remove", first.name, group.name, group.name, "--yes", "--json"]) == 0
    assert document(capsys) == {"runs_directory": "runs", "removed": [first.name, group.name]}
    assert [path.name for path in runs.iterdir()] == [named(runs, "second").name]


def test_without_a_terminal_and_without_yes_nothing_is_removed(runs, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert run(["runs", "remove", "latest"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert len(list(runs.iterdir())) == 3


@pytest.mark.parametrize(("answer", "left"), [(True, 2), (False, 3)])
def test_on_a_terminal_it_asks_first(runs, capsys, monkeypatch, answer, left):
    questions = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda text, err: questions.append((text, err)) or answer)
    assert run(["runs", "remove", "latest"]) == 0
    assert questions == [("Remove it with everything inside?", True)]
    assert len(list(runs.iterdir())) == left


def test_nothing_is_removed_if_one_of_them_is_in_use(runs, capsys):
    first, second = named(runs, "first"), named(runs, "second")
    with DirectoryLock(second):
        assert run(["runs", "remove", first.name, second.name, "--yes"]) == 5
    assert "is in use by" in capsys.readouterr().err
    assert first.is_dir()
    assert second.is_dir()


def test_members_and_what_lies_elsewhere_are_not_removed(runs, capsys, tmp_path):
    group = named(runs, "small")
    assert run(["runs", "remove", f"{group.name}/seed-1", "--yes"]) == 2
    assert "only the whole group can be removed" in capsys.readouterr().err
    elsewhere = tmp_path / "other" / "kept"
    shutil.copytree(named(runs, "first"), elsewhere)
    assert run(["runs", "remove", str(elsewhere), "--yes"]) == 2
    assert "--runs-dir" in capsys.readouterr().err
    assert elsewhere.is_dir()
    assert (group / "members" / "seed-1").is_dir()


def test_help_is_shown_where_no_command_is_named(capsys):
    assert run(["runs"]) == 2
    out, err = capsys.readouterr()
    assert "remove" in out + err
    assert "gdrun: \n" not in err


def test_as_a_program_in_a_pipe(runs):
    done = subprocess.run(
        [sys.executable, "-m", "gdrun", "runs", "list"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
