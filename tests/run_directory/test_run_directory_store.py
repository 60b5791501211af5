from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gdrun.errors import ConfigError, LockedError, SystemRefusedError, WeightsError
from gdrun.run_directory import files
from gdrun.run_directory.difference import MISSING, difference, flatten
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.json_files import read_json
from gdrun.run_directory.listing import list_runs, resolve
from gdrun.run_directory.removal import remove
from gdrun.run_directory.run import RunDirectory
from gdrun.run_directory.store import Group, Run, load

CONFIG = "dataset: digits\noptimizer: {name: adam, learning_rate: 1e-3}\nmodel: {hidden: [64, 32]}\n"


def make_run(runs: Path, name: str = "digits", config: str = CONFIG, loss: float = 0.5) -> Path:
    with RunDirectory.create(runs, name, config=config, command="train", seed=0) as run:
        metrics = run.metrics(["epoch", "val_loss"])
        metrics.append([0, loss])
        metrics.append([1, None])
        run.write_split(np.arange(3), np.arange(3, 4), np.arange(4, 5))
        run.finish(
            "completed",
            weights={"layers.0.weight": np.ones((2, 2))},
            predictions=b"row,target,prediction\n4,a,b\n",
            result={"best_epoch": 0, "validation": {"loss": loss}},
        )
    return run.path


def make_group(runs: Path, name: str = "seeds") -> Path:
    plan = [{"run": f"seed-{seed}", "seed": seed} for seed in (2, 0, 1)]
    with GroupDirectory.create(runs, name, config=CONFIG, command="train", plan=plan) as group:
        for entry in plan[:2]:
            with group.member(entry["run"], config=CONFIG, seed=entry["seed"]) as member:
                member.finish("completed", result={"test": {"loss": 0.5}})
        rows = [{"run": entry["run"], "test_loss": 0.25} for entry in plan[:2]]
        group.finish("completed", results=rows, summary={"metrics": {"test_loss": {"mean": 0.25}}})
    return group.path


def rename(path: Path, name: str) -> Path:
    return path.rename(path.parent / name)


# --- reading


def test_a_run_is_read_back(tmp_path):
    run = load(make_run(tmp_path))
    assert isinstance(run, Run)
    assert run.config["optimizer"] == {"name": "adam", "learning_rate": 1e-3}  # 1e-3 is a number
    assert run.config_text == CONFIG
    assert run.metrics["val_loss"][0] == 0.5
    assert np.isnan(run.metrics["val_loss"][1])
    assert run.result["validation"]["loss"] == 0.5
    assert (run.status, run.reason, run.id) == ("completed", None, run.path.name)
    assert run.weights()["layers.0.weight"].shape == (2, 2)
    assert {name: rows.tolist() for name, rows in run.split().items()} == {
        "train": [0, 1, 2],
        "validation": [3],
        "test": [4],
    }
    assert run.predictions()["prediction"].tolist() == ["b"]
    assert (run.report.name, run.log.name) == ("report.html", "run.log")
    assert "completed" in repr(run)


def test_a_run_that_has_just_begun_is_read(tmp_path):
    with RunDirectory.create(tmp_path, "digits", config=CONFIG, command="train") as directory:
        run = Run(directory.path)
        assert (run.status, run.result, run.metrics, run.predictions()) == ("running", {}, {}, {})
        with pytest.raises(WeightsError, match="there is no such file"):
            run.weights()
    assert run.status == "interrupted"  # its process has gone without a word


def test_a_member_runs_as_long_as_its_group_is_locked(tmp_path):
    with GroupDirectory.create(tmp_path, "x", config="", command="train", plan=[{"run": "a"}]) as group:
        group.member("a", config="").release()
        run = Group(group.path).members["a"]
        assert run.status == "running"
    assert run.status == "interrupted"


def test_a_group_is_read_back(tmp_path):
    group = load(make_group(tmp_path))
    assert isinstance(group, Group)
    assert list(group.members) == ["seed-2", "seed-0"]  # in the plan's order, and without what hasn't begun
    assert group.members["seed-0"].record["seed"] == 0
    assert group.results["test_loss"].tolist() == [0.25, 0.25]
    assert group.summary["metrics"]["test_loss"]["mean"] == 0.25
    assert group.status == "completed"


def test_a_group_that_has_just_begun_is_read(tmp_path):
    plan = [{"run": name} for name in ("../../elsewhere", "..", "x" * 5000, "a\0b", "", 3)]
    with GroupDirectory.create(tmp_path, "x", config="", command="train", plan=plan) as directory:
        group = Group(directory.path)
        assert (group.members, group.results, group.summary) == ({}, {}, {})
        with pytest.raises(ConfigError, match="holds no mapping"):
            _ = group.config


def test_what_is_no_run_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ConfigError, match=r"has no run\.json"):
            load(path)
    path = make_run(tmp_path)
    (path / "config.yaml").write_text("a: 1\na: 2\n")
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read: it is not what was written"):
        _ = load(path).config
    (path / "run.json").write_text("{}")  # that vouches for nothing
    with pytest.raises(ConfigError, match=r"config\.yaml:2"):
        _ = load(path).config
    (path / "config.yaml").unlink()
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read"):
        _ = load(path).config_text


# --- listing


def test_everything_under_the_directory_is_listed(tmp_path):
    assert list_runs(tmp_path / "missing") == []
    run, group = make_run(tmp_path), make_group(tmp_path)
    damaged = rename(make_run(tmp_path, "other"), "20200101-000000-damaged")
    (damaged / "run.json").write_text("{")
    (tmp_path / "20200101-000001-cut-short").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "20200101-000002-file").write_text("")
    (tmp_path / "20200101-000003-link").symlink_to(run)
    found = {entry.id: (entry.kind, entry.status) for entry in list_runs(tmp_path)}
    assert found == {
        damaged.name: ("", "damaged"),
        "20200101-000001-cut-short": ("", "damaged"),
        run.name: ("run", "completed"),
        group.name: ("group", "completed"),
    }
    assert next(iter(found)) == damaged.name
    problem = list_runs(tmp_path)[0].problem
    assert problem is not None
    assert "run.json is damaged" in problem
    assert list_runs(tmp_path)[0].record == {}


# --- resolving


@pytest.fixture
def runs(tmp_path):
    names = ["20261122-061543-digits", "20261122-061543-digits-2", "20261123-000000-iris"]
    for name in names:
        rename(make_run(tmp_path / "runs", "x"), name)
    rename(make_group(tmp_path / "runs"), "20261121-000000-seeds")
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("20261122-061543-digits", "20261122-061543-digits"),
        ("20261122-061543-digits-", "20261122-061543-digits-2"),
        ("20261123", "20261123-000000-iris"),
        ("20261121/seed-0", "20261121-000000-seeds/members/seed-0"),
        ("20261121-000000-seeds/seed-2", "20261121-000000-seeds/members/seed-2"),
        ("20261121/", "20261121-000000-seeds"),
        ("latest", "20261123-000000-iris"),
    ],
)
def test_an_argument_means_a_run(runs, argument, name):
    assert resolve(argument, runs) == runs / name


def test_a_path_means_itself(runs, monkeypatch):
    path = runs / "20261123-000000-iris"
    assert resolve(str(path), runs) == path
    assert resolve(f"{path}/", runs.parent) == path
    monkeypatch.chdir(path)
    assert resolve(".", runs) == Path()
    monkeypatch.chdir(runs)
    assert resolve(path.name, runs.parent / "missing") == Path(path.name)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("20261122", r"may be any of 2 runs \(20261122-061543-digits, 20261122-061543-digits-2\)"),
        ("20261121/seed", "may be any of 2 runs"),
        ("iriss", "did you mean 20261123-000000-iris"),
        ("20261123-000001-iris", "did you mean 20261123-000000-iris"),
        ("zzz", "`gdrun runs list` shows"),
        ("20261121/zzz", "names no run"),
        ("../../etc", "names no run"),
        ("", "names no run"),
        ("a\0b", "names no run"),
        ("\x1b[2J", r"\\x1b\[2J names no run"),
    ],
)
def test_what_means_nothing_or_several(runs, argument, message):
    with pytest.raises(ConfigError, match=message):
        resolve(argument, runs)


def test_latest_of_one_second_is_told_by_the_record(tmp_path):
    first, second = make_run(tmp_path, "b"), make_run(tmp_path, "a")
    for path, time in ((first, "06:15:43.100"), (second, "06:15:43.900")):
        record = read_json(path / "run.json") | {"created": f"2026-11-22T{time}+00:00"}
        (path / "run.json").write_text(json.dumps(record))
    first = rename(first, "20261122-061543-b")
    second = rename(second, "20261122-061543-a")
    rename(make_run(tmp_path), "renamed")
    (tmp_path / "20261123-000000-cut-short").mkdir()
    assert resolve("latest", tmp_path) == second
    with pytest.raises(ConfigError, match="no run under"):
        resolve("latest", tmp_path / "missing")
    with pytest.raises(ConfigError, match="where there are no runs yet"):
        resolve("x", tmp_path / "missing")


# --- differences


def test_two_runs_differ_in_what_was_changed(tmp_path):
    other = CONFIG.replace("adam", "sgd").replace("[64, 32]", "[64]") + "seed: 1\nmetrics: []\n"
    found = difference(Run(make_run(tmp_path)), Run(make_run(tmp_path, config=other, loss=0.25)))
    assert found.config == [
        ("optimizer.name", "adam", "sgd"),
        ("model.hidden", [64, 32], [64]),
        ("seed", MISSING, 1),
        ("metrics", MISSING, []),
    ]
    assert str(found.config[2][1]) == "–"
    assert found.results == [
        ("status", "completed", "completed"),
        ("best_epoch", 0, 0),
        ("validation.loss", 0.5, 0.25),
    ]
    assert found.environment == []


def test_groups_differ_too(tmp_path):
    group, run = Group(make_group(tmp_path)), Run(make_run(tmp_path))
    assert difference(group, group).results[1] == ("test_loss.mean", 0.25, 0.25)
    assert difference(group, run).config == []


def test_one_and_true_differ():
    assert list(flatten({"a": [{"b": 1}, {"c": {}}], "d": []})) == [("a.0.b", 1), ("a.1.c", {}), ("d", [])]
    from gdrun.run_directory.difference import _differ

    assert _differ(("a", 1, True))
    assert not _differ(("a", 1.0, 1.0))


# --- removing


def test_a_run_is_removed_and_nothing_else(tmp_path):
    runs = tmp_path / "runs"
    path, other, group = make_run(runs), make_run(runs), make_group(runs)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("")
    (path / "link").symlink_to(outside)
    remove(path, runs)
    remove(group, runs)
    assert list(runs.iterdir()) == [other]
    assert (outside / "mine").exists()


def test_damaged_ones_and_dead_ones_are_removed(tmp_path):
    path = make_run(tmp_path)
    (path / "run.json").write_text("{")
    dead = RunDirectory.create(tmp_path, "x", config="", command="train")
    dead.release()
    cut_short = tmp_path / "20200101-000001-cut-short"
    cut_short.mkdir()
    for one in (path, dead.path, cut_short):
        remove(one, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_running_run_is_not_removed(tmp_path):
    with RunDirectory.create(tmp_path, "x", config="", command="train") as run:
        with pytest.raises(LockedError, match="is in use by process"):
            remove(run.path, tmp_path)
        assert (run.path / "run.json").exists()


def test_only_runs_inside_the_runs_directory_are_removed(tmp_path, monkeypatch):
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    group, foreign, inside = make_group(runs), make_run(elsewhere), make_run(runs)
    (runs / "notes").mkdir()
    (runs / "20200101-000000-link").symlink_to(foreign)
    (runs / "20200101-000000-file").write_text("")
    wrong = [
        foreign,
        runs / "20200101-000000-link",
        runs / "20200101-000000-file",
        runs / "notes",
        runs / ".." / "elsewhere" / foreign.name,
        runs,
        runs / "..",
        group / "members" / "seed-0",
        runs / "missing",
        Path("/"),
    ]
    for path in wrong:
        with pytest.raises(ConfigError, match="nothing was removed"):
            remove(path, runs)
    assert len(list(runs.iterdir())) == 5
    assert foreign.exists()
    monkeypatch.chdir(inside)
    remove(Path(), runs)
    assert not inside.exists()


def test_a_link_to_the_runs_directory_is_fine(tmp_path):
    path = make_run(tmp_path / "real")
    (tmp_path / "runs").symlink_to(tmp_path / "real")
    remove(tmp_path / "runs" / path.name, tmp_path / "runs")
    assert not path.exists()


def test_a_removal_that_was_killed_is_finished_by_the_next(tmp_path, monkeypatch):
    path, other = make_run(tmp_path), make_run(tmp_path)

    def killed(path, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.shutil, "rmtree", killed)
    with pytest.raises(SystemRefusedError, match="cannot remove"):
        remove(path, tmp_path)
    assert [entry.id for entry in list_runs(tmp_path)] == [other.name]
    monkeypatch.undo()
    remove(other, tmp_path)
    assert list(tmp_path.iterdir()) == []
