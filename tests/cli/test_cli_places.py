"""Names, links and paths that lead elsewhere: nothing is written outside the runs directory."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from cli_commands import config_file, finish, gdrun, kill, record, start, the_run, train, wait_for

from gdrun.errors import ConfigError
from gdrun.run_directory import files, lock, run
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.lock import DirectoryLock
from gdrun.run_directory.run import RunDirectory

HOSTILE = {
    "parent": "../escape",
    "far up": "../../../../../../escape",
    "absolute": "/tmp/gdrun-escape",
    "dots": "..",
    "one dot": ".",
    "nothing": "",
    "inside": "a/b",
    "backslash": "a\\b",
    "300 bytes": "x" * 300,
    "300 bytes of two": "é" * 150,
    "accents": "größe",
    "right to left": "a\u202egnp.exe",
    "no width": "a\u200bb",
    "picture": "🚀",
    "line": "a\nb",
    "bell": "a\x07",
    "escape": "\x1b[2J",
    "option": "--debug --runs-dir=/tmp",
    "shell": "$(touch escape)",
    "tilde": "~root",
    "percent": "%2e%2e%2fescape",
}


def tree(folder: Path) -> dict[str, bytes | None]:
    """All below a folder but its `runs`: links as where they point."""
    found: dict[str, bytes | None] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name.partition("/")[0] != "runs":
            if path.is_symlink():
                found[name] = str(path.readlink()).encode()
            else:
                found[name] = path.read_bytes() if path.is_file() else None
    return found


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A folder deep enough for `../..` to stay in sight."""
    folder = tmp_path / "a" / "b" / "work"
    folder.mkdir(parents=True)
    (tmp_path / "a" / "mine").write_text("mine")
    return folder


def outside(folder: Path) -> dict[str, bytes | None]:
    """What lies around a `work` folder and in it, but for its runs."""
    around = tree(folder.parents[1])
    return {n: c for n, c in around.items() if not n.startswith("b/work/runs")}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("way", ["option", "config", "label"])
def test_a_name_that_leads_elsewhere_is_refused(inside: Path, kind: str, way: str) -> None:
    name = HOSTILE[kind]
    config = config_file(inside, "blobs")
    words: tuple[object, ...] = ("train", config, f"--name={name}", "epochs=1")
    if way == "config":
        config.write_text(config.read_text().replace("name: blobs\n", f"name: {escaped(name)}\n", 1))
        words = ("train", config, "epochs=1")
    if way == "label":
        label = f"{{name: sgd, label: {escaped(name)}}}"
        config.write_text(config.read_text() + f"compare: {{optimizers: [{label}, adam]}}\n")
        words = ("compare-optimizers", config, "epochs=1", "--trials", 1, "--seeds", 2)
    before = outside(inside)
    answer = gdrun(*words, "--runs-dir", inside / "runs", "-q")
    assert answer.code == 2, answer
    assert "Traceback" not in answer.err
    assert "\x1b" not in answer.err
    assert outside(inside) == before
    assert not (inside / "runs").exists()


def escaped(text: str) -> str:
    """The text in double quotes, as YAML has it."""
    return '"' + "".join(f"\\U{ord(c):08x}" for c in text) + '"'


def test_without_the_question_a_name_would_lead_elsewhere(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: any name of a member is taken."""
    record = {"config": "", "command": "train"}
    with GroupDirectory.create(inside / "runs", "group", plan=[], **record) as group:
        before = outside(inside)
        with pytest.raises(ConfigError, match="letters, digits"):
            RunDirectory.member(group.path, "../../../escape", **record)
        assert outside(inside) == before
        monkeypatch.setattr(run, "check_name", lambda name: "a")
        RunDirectory.member(group.path, "../../../escape", **record).release()
    assert outside(inside) != before


@pytest.mark.parametrize(
    "name", ["ünïcode 🚀 Läufe", "spaces and 'quotes'", "-dash", "x" * 200, "a\u202eb", "new\nline"]
)
def test_a_runs_directory_may_be_called_anything(inside: Path, name: str) -> None:
    runs = inside / "runs" / name
    answer = gdrun("train", config_file(inside), "epochs=1", f"--runs-dir={runs}", "-q")
    assert answer.code == 0, answer
    path = the_run(runs, "blobs")
    for words in (
        ("resume", path),
        ("report", path),
        ("evaluate", path),
        ("runs", "list", f"--runs-dir={runs}"),
    ):
        answer = gdrun(*words)
        assert answer.code == 0, answer
        assert "\u202e" not in answer.out + answer.err


def test_one_that_no_system_has_is_refused(inside: Path) -> None:
    answer = gdrun("train", config_file(inside), f"--runs-dir={inside / 'runs' / ('x' * 300)}", "-q")
    assert answer.code == 7
    assert "File name too long" in answer.last_line
    answer = gdrun("train", config_file(inside), "--runs-dir=/proc/nothing", "-q")
    assert answer.code == 7


def test_a_linked_runs_directory_is_the_users_own_choice(inside: Path) -> None:
    (inside / "runs").mkdir()
    (inside / "link").symlink_to(inside / "runs")
    before = outside(inside)
    assert gdrun("train", config_file(inside), "epochs=1", "--runs-dir", inside / "link", "-q").code == 0
    assert set(outside(inside)) == {*before, "b/work/blobs.yaml"}
    assert len(list((inside / "runs").iterdir())) == 1


LINKED: dict[
    str, tuple[str, ...]
] = {  # file or folder of an interrupted run → commands that would write there
    "metrics.csv": ("resume",),
    "run.log": ("resume",),
    "weights.npz": ("resume",),
    "predictions.csv": ("resume",),
    "report.html": ("resume", "report"),
    "run.json": ("resume", "report"),
    "config.yaml": ("resume",),
    ".lock": ("resume",),
    "checkpoints": ("resume",),
}


@pytest.fixture
def interrupted(inside: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was interrupted in the middle."""
    from gdrun.experiments.writer import TileWriter

    def stop(self: Any, epoch: int) -> None:
        if epoch == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(TileWriter, "epoch_ended", stop)
        train(inside / "runs", "blobs", code=130)
    return the_run(inside / "runs", "blobs")


@pytest.mark.parametrize("name", LINKED)
def test_a_link_in_a_run_leads_nowhere(inside: Path, interrupted: Path, name: str) -> None:
    place, elsewhere = interrupted / name, inside / "elsewhere"
    if place.exists():
        place.rename(elsewhere)
    else:
        elsewhere.write_text("mine")
    place.symlink_to(elsewhere)
    before = outside(inside)
    for command in LINKED[name]:
        answer = gdrun(command, interrupted, "-q")
        assert answer.code in (0, 2, 4, 7), answer
        assert "Traceback" not in answer.err
        if answer.code:
            assert str(interrupted) in answer.err
    assert outside(inside) == before, "something was written through the link"


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("turns", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_of_two_resumes_one_goes_on_and_the_other_is_told_by_whom(tmp_path: Path, turns: int) -> None:
    path = train(tmp_path / "runs", "blobs", "epochs=1")
    config = path / "config.yaml"
    process = start(
        "train", config, "epochs=1000000", "--name", "long", "--runs-dir", tmp_path / "runs", "-q"
    )
    long = wait_for(lambda: next((tmp_path / "runs").glob("*-long/metrics.csv"), None), process).parent
    kill(process)
    assert record(long)["status"] == "running"
    for _ in range(turns):
        both = [start("resume", long, "-q") for _ in range(2)]
        wait_for(lambda those=both: any(one.poll() is not None for one in those), seconds=60)
        loser, winner = sorted(both, key=lambda one: one.poll() is None)
        answer = finish(loser)
        assert answer.code == 5, answer
        assert f"is in use by process {winner.pid} on " in answer.last_line
        kill(winner)
        with DirectoryLock(long):  # that of the dead is free at once
            pass


def test_without_the_lock_both_would_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(lock.fcntl, "flock", lambda descriptor, operation: None)
    with DirectoryLock(tmp_path), DirectoryLock(tmp_path):
        pass


@pytest.mark.slow
def test_fifty_starts_at_once_get_fifty_directories(tmp_path: Path) -> None:
    config = config_file(tmp_path)
    many = [start("train", config, "--smoke", "--runs-dir", tmp_path / "runs", "-q") for _ in range(50)]
    for process in many:
        answer = finish(process, within=240)
        assert answer.code == 0, answer
    paths = list((tmp_path / "runs").iterdir())
    print(f"{len(paths)} directories")
    assert len(paths) == 50
    assert {record(path)["status"] for path in paths} == {"completed"}


def test_without_the_flag_a_link_would_be_written_through(
    inside: Path, interrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: files are opened wherever a link leads."""
    (interrupted / "metrics.csv").rename(inside / "elsewhere")
    (interrupted / "metrics.csv").symlink_to(inside / "elsewhere")
    before = outside(inside)
    monkeypatch.setattr(files, "_SAFE", 0)
    gdrun("resume", interrupted, "-q")
    assert outside(inside) != before
