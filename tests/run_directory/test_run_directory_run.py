from __future__ import annotations

import json
import logging
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gdrun.errors import ConfigError, ExistsError, GdrunError, LockedError, SystemRefusedError, WeightsError
from gdrun.run_directory import environment as environments
from gdrun.run_directory.checkpoints import Checkpoints
from gdrun.run_directory.environment import environment
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.json_files import read_json, to_json
from gdrun.run_directory.run import RunDirectory
from gdrun.run_directory.weights import read_arrays
from gdrun.version import __version__

FIELDS = [
    *("schema_version", "id", "name", "command", "status", "reason", "created", "finished", "seed", "fold"),
    *("parameters", "data", "environment", "timing", "result", "files", "sha256"),
]


def create(runs: Path, **record: object) -> RunDirectory:
    return RunDirectory.create(runs, "digits", config="dataset: digits\n", command="train", **record)


def record_of(path: Path) -> dict[str, object]:
    return json.loads((path / "run.json").read_text())


def test_a_new_run_says_who_it_is(tmp_path):
    with create(tmp_path / "runs", seed=3) as run:
        record = record_of(run.path)
        assert list(record) == FIELDS
        assert record["schema_version"] == 1
        assert record["id"] == run.path.name
        assert (record["name"], record["command"], record["status"]) == ("digits", "train", "running")
        assert (record["seed"], record["fold"], record["finished"]) == (3, None, None)
        assert (run.path / "config.yaml").read_text() == "dataset: digits\n"
        with pytest.raises(LockedError):
            RunDirectory.open(run.path)
    assert not list(run.path.glob(".*.tmp"))


def test_a_run_from_start_to_end(tmp_path):
    with create(tmp_path) as run:
        run.set(parameters=10, data={"rows": np.int64(5), "classes": ["a", "b"]})
        run.write_split(np.arange(3), np.array([3]), np.array([], np.int64))
        run.write_report("<p>Größe</p>")
        metrics = run.metrics(["epoch", "loss"])
        metrics.append([0, 1.5])
        run.finish(
            "stopped",
            "early stopping",
            weights={"layers.0.weight": np.ones((2, 3), np.float32)},
            predictions=b"row,target,prediction\n",
            timing={"total": 1.5},
            result={"best_epoch": 0, "train": {"loss": 1.5}},
        )
    record = record_of(run.path)
    assert list(record) == FIELDS
    assert (record["status"], record["reason"]) == ("stopped", "early stopping")
    assert record["data"] == {"rows": 5, "classes": ["a", "b"]}
    assert str(record["created"]) <= str(record["finished"])
    assert sorted(path.name for path in run.path.iterdir()) == [
        *(".lock", "config.yaml", "metrics.csv", "predictions.csv", "report.html", "run.json"),
        *("split.npz", "weights.npz"),
    ]
    assert read_arrays(run.path / "split.npz")["validation"].tolist() == [3]
    assert (run.path / "report.html").read_text() == "<p>Größe</p>"


def test_non_finite_results_are_null_and_named(tmp_path):
    with create(tmp_path) as run:
        result = {"train": {"loss": float("nan")}, "test": {"loss": np.float32("inf")}}
        run.finish("diverged", "train_loss is NaN in epoch 3", result=result)
    text = (run.path / "run.json").read_text()
    assert "NaN," not in text
    record = record_of(run.path)
    assert record["result"] == {"train": {"loss": None}, "test": {"loss": None}}
    assert record["reason"] == "train_loss is NaN in epoch 3; not finite: result.train.loss, result.test.loss"


def test_an_interrupted_run_is_opened_and_restarted(tmp_path):
    with create(tmp_path) as run:
        run.finish("interrupted", "Ctrl-C")
    (run.path / ".run.json.0123456789ab.tmp").write_text("half")
    checkpoints = run.path / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / ".epoch.0123456789ab.tmp").write_text("half")
    with RunDirectory.open(run.path) as again:
        again.restart()
        assert again.record["environment"] == run.record["environment"]
        assert not list(run.path.rglob("*.tmp"))
        record = record_of(run.path)
        assert (record["status"], record["reason"], record["finished"]) == ("running", None, None)
    with pytest.raises(GdrunError, match="nothing ends as 'running'"):
        again.finish("running")


def test_a_failed_run_leaves_its_lock(tmp_path):
    run = create(tmp_path)

    def fail() -> None:
        with run:
            run.metrics(["epoch"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    RunDirectory.open(run.path).release()


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(ConfigError, match=r"has no run\.json"):
        RunDirectory.open(tmp_path)
    with create(tmp_path) as run:
        pass
    (run.path / "run.json").write_text('{"half": ')
    with pytest.raises(WeightsError, match=r"run\.json is damaged"):
        RunDirectory.open(run.path)
    (run.path / "run.json").write_text("{}")
    outside = tmp_path / "outside"
    outside.mkdir()
    (run.path / "checkpoints").symlink_to(outside)
    with pytest.raises(ConfigError, match="is a link"):
        RunDirectory.open(run.path)
    (run.path / "checkpoints").unlink()
    RunDirectory.open(run.path).release()


def test_the_log_has_a_line_a_record(tmp_path):
    logger = logging.getLogger("gdrun.test")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    with create(tmp_path) as run:
        handler = run.log_handler()
        logger.addHandler(handler)
        try:
            logger.info("epoch %d\x1b[2J", 3)
            logger.warning("two\nlines")
        finally:
            logger.removeHandler(handler)
    lines = (run.path / "run.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines[:2]] == ["INFO epoch 3\\x1b[2J", "WARNING two"]
    assert lines[2] == "    lines"
    assert lines[0].startswith("20")


def test_a_log_that_cannot_be_written_is_not_passed_over(tmp_path):
    with create(tmp_path) as run:
        (run.path / "run.log").symlink_to(tmp_path / "outside")
        logger = logging.Logger("gdrun.test")
        logger.addHandler(run.log_handler())
        with pytest.raises(SystemRefusedError, match=r"run\.log"):
            logger.error("x")
    assert not (tmp_path / "outside").exists()


# --- groups


def create_group(runs: Path) -> GroupDirectory:
    plan = [{"run": "seed-0", "seed": 0}, {"run": "seed-1", "seed": 1}]
    return GroupDirectory.create(runs, "digits", config="dataset: digits\n", command="train", plan=plan)


def test_a_group_from_start_to_end(tmp_path):
    with create_group(tmp_path) as group:
        for entry in group.record["plan"]:
            with group.member(entry["run"], config=f"seed: {entry['seed']}\n", seed=entry["seed"]) as member:
                metrics = member.metrics(["epoch"])
                metrics.append([0])
                group.checkpoints("stack-0").write(0, 0, {}, {}, {entry["run"]: metrics})
                member.finish("completed")
        rows = [{"run": "seed-0", "test_loss": 0.5}, {"run": "seed-1", "test_loss": None, "note": "=1"}]
        group.finish(
            "completed", results=rows, summary={"runs": 2, "mean": float("nan")}, timing={"total": 1}
        )
        found = group.checkpoints("stack-0").newest()
        assert found is not None
        assert found.document["metrics_lengths"] == {"seed-1": 8}
    record = json.loads((group.path / "group.json").read_text())
    assert list(record) == [
        *("schema_version", "id", "name", "command", "status", "reason", "created", "finished"),
        *("environment", "timing", "plan", "files", "sha256"),
    ]
    assert (group.path / "results.csv").read_text() == "run,test_loss,note\nseed-0,0.5,\nseed-1,,'=1\n"
    assert json.loads((group.path / "summary.json").read_text()) == {"runs": 2, "mean": None}
    member_record = record_of(group.path / "members" / "seed-1")
    assert list(member_record) == FIELDS
    assert member_record["id"] == f"{group.path.name}/seed-1"
    assert member_record["command"] == "train"


def test_a_member_that_a_dead_worker_left_is_begun_anew(tmp_path):
    with create_group(tmp_path) as group:
        group.member("seed-0", config="a: 1\n")
        path = group.path / "members" / "seed-0"
        (path / ".weights.npz.0123456789ab.tmp").write_text("half")
        with RunDirectory.member(group.path, "seed-0", config="a: 2\n", command="train") as again:
            assert (again.path / "config.yaml").read_text() == "a: 2\n"
        assert not list(path.glob("*.tmp"))
        with group.open_member("seed-0") as again:
            again.finish("completed")


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", ""])
def test_members_stay_in_their_group(tmp_path, name):
    with create_group(tmp_path) as group, pytest.raises(ConfigError):
        group.member(name, config="")
    assert not (group.path / "members").exists()


@pytest.mark.parametrize(
    "place", ["members", "members/seed-0", "checkpoints", "checkpoints/stack-0", "group.json"]
)
def test_a_group_with_a_link_to_elsewhere_is_not_opened(tmp_path, place):
    outside = tmp_path / "outside"
    outside.mkdir()
    with create_group(tmp_path / "runs") as group:
        link = group.path / place
        link.parent.mkdir(exist_ok=True)
        target = link.rename(tmp_path / "group.json") if link.exists() else outside
        link.symlink_to(target)
    with pytest.raises(ConfigError, match="is a link"):
        GroupDirectory.open(group.path)


def test_a_link_in_the_place_of_a_member_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    with create_group(tmp_path / "runs") as group:
        (group.path / "members").mkdir()
        (group.path / "members" / "seed-0").symlink_to(outside)
        with pytest.raises(ExistsError, match="in the way"):
            group.member("seed-0", config="")
    assert list(outside.iterdir()) == []


# --- json


def test_json_is_strict():
    document = {
        "a": [1.5, float("nan")],
        "b": {"c": np.array([1, 2])},
        "p": Path("x"),
        "s": "é\udcff",
        "t": (True,),
    }
    content, non_finite = to_json(document)
    assert non_finite == ["a.1"]
    assert json.loads(content, parse_constant=pytest.fail) == {
        "a": [1.5, None],
        "b": {"c": [1, 2]},
        "p": "x",
        "s": "é\udcff",
        "t": [True],
    }
    with pytest.raises(TypeError, match=r"b\.c: set has no form"):
        to_json({"b": {"c": {1}}})
    with pytest.raises(TypeError, match="keys"):
        to_json({"b": {1: 2}})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_damaged_json_is_refused(tmp_path, content):
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(WeightsError, match=r"run\.json is damaged"):
        read_json(tmp_path / "run.json")


# --- environment


def test_the_environment_is_known():
    found = environment()
    assert list(found) == ["gdrun", "python", "numpy", "blas", "cpu", "platform", "git"]
    assert (found["gdrun"], found["numpy"]) == (__version__, np.__version__)
    assert all(value is None or value for value in found.values())


@pytest.fixture
def commit_of(tmp_path, monkeypatch):
    def find(folder: Path) -> str | None:
        environments._commit.cache_clear()
        monkeypatch.chdir(folder)
        return environments._commit()

    yield find
    environments._commit.cache_clear()


def git(folder: Path, *arguments: str) -> str:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True, env=settings
    )
    return done.stdout.strip()


def test_the_commit_is_read_without_git(tmp_path, commit_of):
    folder = tmp_path / "project"
    (folder / "deep").mkdir(parents=True)
    git(folder, "init", "-q")
    assert commit_of(folder) is None
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    head = git(folder, "rev-parse", "HEAD")
    assert commit_of(folder / "deep") == head
    git(folder, "pack-refs", "--all")
    assert commit_of(folder) == head
    git(folder, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    assert commit_of(tmp_path / "linked") == head
    git(folder, "checkout", "-q", "--detach")
    assert commit_of(folder) == head
    (folder / ".git" / "HEAD").write_text("ref: ../../../etc/passwd")
    assert commit_of(folder) is None
    (folder / ".git" / "HEAD").write_bytes(b"\xff")
    assert commit_of(folder) is None


def test_checkpoints_of_a_run_are_in_its_directory(tmp_path):
    with create(tmp_path) as run:
        store = run.checkpoints(keep=3)
        assert isinstance(store, Checkpoints)
        assert store.write(1, 2, {}, {}).parent == run.path / "checkpoints"
