"""The disk says no, at every single operation of a short run."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

import pytest
import short_run

from gdrun.errors import SystemRefusedError
from gdrun.run_directory import files
from gdrun.run_directory.growing import Appender
from gdrun.run_directory.refusal import refusal


@pytest.fixture(autouse=True)
def closed_appenders():
    yield
    assert list(Appender._open) == []


def number_of_operations(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    disk = short_run.CountingDisk()
    monkeypatch.setattr(files, "disk", disk)
    short_run.start(folder)
    return disk.count


def fail_at(
    at: int, error: int, folder: Path, monkeypatch: pytest.MonkeyPatch, *, for_good: bool
) -> list[str]:
    """What is wrong after a failure at operation `at`, and after space is there again."""
    acknowledged: list[str] = []
    monkeypatch.setattr(files, "disk", short_run.FailingDisk(at, error, for_good=for_good))
    wrong = []
    try:
        short_run.start(folder, acknowledged.append)
        wrong.append("no error")
    except SystemRefusedError as refused:
        message = str(refused)
        if not message.startswith("cannot ") or str(folder) not in message or "; " not in message:
            wrong.append(f"the message {message!r}")
    monkeypatch.setattr(files, "disk", short_run.HastyDisk())
    path = short_run.the_run(folder)
    if path and not for_good and list(path.rglob("*.tmp")):
        wrong.append("a temporary file is left")
    return wrong + short_run.violations(path, acknowledged, torn_rows=for_good)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["no space", "input/output error"])
@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
def test_a_failure_at_any_operation_is_told_and_loses_nothing(tmp_path, monkeypatch, error, for_good):
    operations = number_of_operations(tmp_path / "undisturbed", monkeypatch)
    assert operations > 60
    for at in range(1, operations + 1):
        wrong = fail_at(at, error, tmp_path / f"at-{at}", monkeypatch, for_good=for_good)
        assert wrong == [], f"at operation {at}"


def test_writing_in_place_would_be_noticed(tmp_path, monkeypatch):
    """Negative control: without temporary names, a failure leaves half files."""

    def write_in_place(directory, contents):
        for name, content in contents.items():
            with refusal("write", directory / name):
                (directory / name).unlink(missing_ok=True)
                chunks = [content] if isinstance(content, bytes) else content
                files.disk.close(files._write_new(directory / name, chunks))

    def write_everywhere(*turns, growing=None):
        for contents in turns:
            for directory, named in contents.items():
                write_in_place(directory, named)

    monkeypatch.setattr(files, "write_everywhere", write_everywhere)
    operations = number_of_operations(tmp_path / "undisturbed", monkeypatch)
    wrong = (
        fail_at(at, errno.ENOSPC, tmp_path / f"at-{at}", monkeypatch, for_good=False)
        for at in range(1, operations + 1)
    )
    assert any("damaged" in what for found in wrong for what in found)


def test_swallowing_a_failure_would_be_noticed(tmp_path, monkeypatch):
    """Negative control: an error of fsync that is passed over."""

    def sync_files(paths):
        for descriptor in paths:
            with contextlib.suppress(OSError):
                files.disk.fsync(descriptor)

    monkeypatch.setattr(files, "sync_files", sync_files)
    operations = number_of_operations(tmp_path / "undisturbed", monkeypatch)
    wrong = (
        fail_at(at, errno.EIO, tmp_path / f"at-{at}", monkeypatch, for_good=False)
        for at in range(1, operations + 1)
    )
    assert ["no error"] in wrong


def test_a_row_that_did_not_fit_is_taken_back(tmp_path, monkeypatch):
    from gdrun.run_directory.metrics_csv import MetricsFile

    metrics = MetricsFile(tmp_path / "metrics.csv", ["epoch", "step"])
    metrics.append([0, 0])
    monkeypatch.setattr(files, "disk", short_run.FailingDisk(1, errno.ENOSPC, for_good=False))
    with pytest.raises(SystemRefusedError, match="No space left"):
        metrics.append([1, 10])
    assert (tmp_path / "metrics.csv").read_text() == "epoch,step\n0,0\n"
    metrics.append([1, 10])
    assert (tmp_path / "metrics.csv").read_text() == "epoch,step\n0,0\n1,10\n"
    assert metrics.length == len("epoch,step\n0,0\n1,10\n")
    metrics.close()


def test_a_short_write_is_continued(tmp_path, monkeypatch):
    class Slow(files.Disk):
        def write(self, descriptor, data):
            return super().write(descriptor, bytes(data)[:3])

    monkeypatch.setattr(files, "disk", Slow())
    files.write_atomically(tmp_path / "file", [b"0123456789", b"", b"abcde"])
    appender = Appender(tmp_path / "growing")
    appender.append(b"0123456789")
    appender.close()
    assert (tmp_path / "file").read_bytes() == b"0123456789abcde"
    assert (tmp_path / "growing").read_bytes() == b"0123456789"


def test_ctrl_c_leaves_no_temporary_file(tmp_path, monkeypatch):
    class Interrupted(files.Disk):
        def fsync(self, descriptor):
            raise KeyboardInterrupt

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(files, "disk", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"
