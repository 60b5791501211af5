"""The power goes, after every single operation of a short run, and takes with it what was not synced."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import short_run

from gdrun.run_directory import checkpoints, files

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))]  # of what is lost


@dataclass
class Content:
    """A file: what its readers see, and what is sure to be on the disk."""

    live: bytes = b""
    synced: bytes = b""

    def after_loss(self, data: str, chance: random.Random) -> bytes:
        if data == "kept":
            return self.live
        if data == "dropped" or not self.live.startswith(self.synced):
            return self.synced
        torn = self.live[len(self.synced) :]
        cut = chance.randrange(len(torn) + 1)
        rest = (
            b"\0" * (len(torn) - cut) if chance.random() < 0.5 else b""
        )  # the length came through, the bytes did not
        return self.synced + torn[:cut] + rest


@dataclass
class Model:
    """A disk that keeps only what it was told to sync. A directory is None, a file its `Content`.

    `pending` are changes of names since their directory was synced: path → what has that name now, or "gone".
    """

    names: dict[Path, Content | None] = field(default_factory=dict)
    pending: list[dict[Path, Content | str | None]] = field(default_factory=list)
    open: dict[int, Content] = field(default_factory=dict)
    live: dict[Path, Content | None] = field(default_factory=dict)

    def change(self, changes: dict[Path, Content | str | None]) -> None:
        self.pending.append(changes)
        _apply(changes, self.live)

    def sync_directory(self, directory: Path) -> None:
        for changes in [c for c in self.pending if all(path.parent == directory for path in c)]:
            _apply(changes, self.names)
            self.pending.remove(changes)

    def after_loss(self, kept: list[dict[Path, Content | str | None]]) -> dict[Path, Content | None]:
        names = dict(self.names)
        for changes in kept:
            _apply(changes, names)
        return names


def _apply(changes: dict[Path, Content | str | None], names: dict[Path, Content | None]) -> None:
    for path, now in changes.items():
        if isinstance(now, str):
            names.pop(path, None)
        else:
            names[path] = now


class RecordingDisk(short_run.HastyDisk):
    """Does everything for real, in memory too, and calls `lose_power` after every operation.

    Args:
        forget: operations that are done but don't count, as if the code didn't call them.
    """

    def __init__(self, lose_power: Any, forget: frozenset[str] = frozenset()) -> None:
        self.model = Model()
        self.lose_power = lose_power
        self.forget = forget

    def create(self, path):
        descriptor = super().create(path)
        self.model.open[descriptor] = Content()
        self.model.change({path: self.model.open[descriptor]})
        self.lose_power()
        return descriptor

    def open_growing(self, path):
        descriptor = super().open_growing(path)
        content = self.model.live.get(path)
        if content is None:
            content = Content()
            self.model.change({path: content})
        self.model.open[descriptor] = content
        self.lose_power()
        return descriptor

    open_lock = open_growing

    def write(self, descriptor, data):
        written = super().write(descriptor, data)
        self.model.open[descriptor].live += bytes(data)[:written]
        self.lose_power()
        return written

    def fsync(self, descriptor):
        super().fsync(descriptor)
        if "fsync" not in self.forget:
            self.model.open[descriptor].synced = self.model.open[descriptor].live
        self.lose_power()

    def truncate(self, descriptor, length):
        super().truncate(descriptor, length)
        content = self.model.open[descriptor]
        content.live = content.live[:length]
        self.lose_power()

    def replace(self, source, target):
        super().replace(source, target)
        self.model.change({source: "gone", target: self.model.live[source]})
        self.lose_power()

    def fsync_directory(self, path):
        super().fsync_directory(path)
        if "fsync_directory" not in self.forget:
            self.model.sync_directory(path)
        self.lose_power()

    def mkdir(self, path):
        super().mkdir(path)
        self.model.change({path: None})
        self.lose_power()

    def unlink(self, path):
        super().unlink(path)
        self.model.change({path: "gone"})
        self.lose_power()


def states(model: Model, chance: random.Random) -> Iterator[dict[Path, bytes | None]]:
    """Trees that may be on the disk when the power comes back: no new name, all of them, or any of them."""
    some = [changes for changes in model.pending if chance.random() < 0.5]
    for kept in ([], model.pending, some):
        for data in ("dropped", "torn", "kept"):
            names = model.after_loss(kept)
            yield {
                path: content.after_loss(data, chance) if isinstance(content, Content) else None
                for path, content in names.items()
            }


def build(tree: dict[Path, bytes | None], source: Path, target: Path) -> None:
    """Make the files of a tree; what lies in a directory that was lost is lost too."""
    target.mkdir()
    for path, content in sorted(tree.items()):
        place = target / path.relative_to(source)
        if not place.parent.is_dir():
            continue
        if content is None:
            place.mkdir()
        else:
            place.write_bytes(content)


def lose_power_everywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, forget: frozenset[str] = frozenset(), seed: int = 1
) -> Iterator[str]:
    """What is wrong in any state after a loss of power at any moment of a short run."""
    chance = random.Random(seed)
    moments: list[tuple[list[str], dict[Path, bytes | None]]] = []
    acknowledged: list[str] = []

    def lose_power() -> None:
        moments.extend((list(acknowledged), tree) for tree in states(disk.model, chance))

    def acknowledge(what: str) -> None:
        acknowledged.append(what)
        lose_power()

    runs = folder / "runs"
    runs.mkdir(parents=True)
    disk = RecordingDisk(lose_power, forget)
    monkeypatch.setattr(files, "disk", disk)
    short_run.start(runs, acknowledge)
    monkeypatch.setattr(files, "disk", short_run.HastyDisk())
    assert len(moments) > 500
    seen = set()
    for number, (promised, tree) in enumerate(moments):
        key = (len(promised), frozenset(tree.items()))
        if key in seen:
            continue
        seen.add(key)
        target = folder / f"after-{number}"
        build(tree, runs, target)
        yield from short_run.violations(short_run.the_run(target), promised, torn_rows=True)
        shutil.rmtree(target)
    print(f"{len(seen)} states after a loss of power")
    assert len(seen) > 150


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_was_promised_outlives_a_loss_of_power(tmp_path, monkeypatch, seed):
    assert list(lose_power_everywhere(tmp_path, monkeypatch, seed=seed)) == []


def test_a_forgotten_fsync_is_noticed(tmp_path, monkeypatch):
    wrong = lose_power_everywhere(tmp_path, monkeypatch, frozenset({"fsync"}))
    assert any("damaged" in what for what in wrong)


def test_a_forgotten_fsync_of_the_directory_is_noticed(tmp_path, monkeypatch):
    wrong = lose_power_everywhere(tmp_path, monkeypatch, frozenset({"fsync_directory"}))
    assert any("is gone" in what for what in wrong)


def test_a_checkpoint_ahead_of_metrics_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "sync_metrics", lambda metrics: None)
    wrong = lose_power_everywhere(tmp_path, monkeypatch)
    assert any("shorter than the checkpoint says" in what for what in wrong)
