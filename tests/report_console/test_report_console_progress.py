"""The live line: what it counts, and that it fits."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gdrun.experiments.events import EpochTold, RunTold
from gdrun.report.console.progress import LiveProgress
from gdrun.report.console.screen import Screen

VALUES = {"train_loss": 0.25, "train_accuracy": 0.9, "val_loss": 1234567.0, "val_accuracy": 0.95}


def terminal(width: int) -> Screen:
    """A screen on a terminal of so many columns."""
    screen = Screen()
    screen.notices = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    return screen


def drawn(progress: LiveProgress, screen: Screen) -> str:
    """The line as it stands."""
    with screen.notices.capture() as captured:
        screen.notices.print(progress.bar.get_renderable())
    return captured.get()


def test_counts_every_epoch_once_though_runs_end_early() -> None:
    progress = LiveProgress(terminal(100), runs=4, epochs=10)
    counted = []
    events = [
        EpochTold(0, 2, 3, VALUES, 60),
        EpochTold(1, 2, 2, VALUES, 40),
        RunTold(0, "seed-0", "stopped"),
        EpochTold(0, 1, 5, VALUES, 90),
        RunTold(0, "seed-1", "diverged"),
        RunTold(1, "seed-2", "completed"),
        RunTold(1, "seed-3", "completed"),
    ]
    for event in events:
        progress.tell(event)
        counted.append(progress.completed)
    assert counted == [6, 10, 17, 19, 24, 32, 40]


@pytest.mark.parametrize("width", [60, 80, 90, 100, 110, 150])
@pytest.mark.parametrize("runs", [1, 12])
def test_fits_into_one_line(width: int, runs: int) -> None:
    screen = terminal(width)
    progress = LiveProgress(screen, runs=runs, epochs=200)
    progress.tell(EpochTold(0, runs, 57, VALUES, 100))
    progress.tell(EpochTold(0, runs, 58, VALUES, 1_000_000))
    line = drawn(progress, screen)
    assert line.count("\n") == 1
    assert len(line.rstrip("\n")) <= width
    assert ("epoch 58/200" if runs == 1 else "0/12 runs") in line
    if width >= 80:
        assert "val_loss 1.235e+06" in line
        assert "val_accuracy 0.9500" in line
    assert ("train_loss 0.2500" in line) == (width >= 90)
    assert ("updates/s" in line) == (width >= 110)


def test_without_validation_the_training_values_are_shown() -> None:
    screen = terminal(80)
    progress = LiveProgress(screen, runs=1, epochs=5)
    progress.tell(EpochTold(0, 1, 1, {"train_loss": 0.5, "train_r2": 0.75}, 10))
    assert "train_loss 0.5000  train_r2 0.7500" in drawn(progress, screen)


@pytest.mark.parametrize("quiet", [True, False])
def test_nothing_is_drawn_where_nobody_sees_it(quiet: bool) -> None:
    screen = Screen(quiet=quiet)
    screen.notices = Console(file=io.StringIO(), force_terminal=quiet, width=80)
    with LiveProgress(screen, runs=1, epochs=5) as progress:
        progress.tell(EpochTold(0, 1, 1, VALUES, 10))
    assert screen.notices.file.getvalue() == ""  # type: ignore[attr-defined] # it is a StringIO
