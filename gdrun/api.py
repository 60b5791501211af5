"""gdrun from Python: what the commands do, with runs as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gdrun.config import from_plain
from gdrun.config import load as load_config
from gdrun.config.overrides import Overrides
from gdrun.config.plugins import load_plugin
from gdrun.engines.interruption import Interruption
from gdrun.experiments.resume import resume as go_on
from gdrun.experiments.train import plan_training
from gdrun.experiments.train import train as carry_out
from gdrun.experiments.trained import TrainedRun
from gdrun.report.html import write_report
from gdrun.run_directory import store
from gdrun.run_directory.group import RECORD as GROUP_RECORD
from gdrun.run_directory.listing import resolve

RUNS = "runs"


class Run(store.Run):
    """A run on the disk, and its network.

    Attributes:
        path, config, metrics, result, status: see `gdrun.run_directory.store.Run`.
    """

    @cached_property
    def trained(self) -> TrainedRun:
        """The network with the run's weights and preprocessing."""
        return TrainedRun(self.path)

    def predict(self, features: NDArray[Any]) -> NDArray[Any]:
        """Class names (rows,), or values (rows, outputs) in the target's own unit.

        Args:
            features: (rows, columns), as they were before preprocessing.

        Raises:
            DataError: other columns than the run was trained on.
            WeightsError: the weights are damaged, or not there yet.
        """
        return self.trained.predict_array(features)

    def evaluate(self, overrides: Overrides = ()) -> dict[str, dict[str, float]]:
        """Loss and metrics by part of the data; see `gdrun evaluate`."""
        return self.trained.evaluate(overrides)[0]


class Group(store.Group):
    """A group of runs on the disk; its `members` can predict."""

    @cached_property
    def members(self) -> dict[str, store.Run]:
        """Name → run, in the order of the plan."""
        return {name: Run(run.path) for name, run in super().members.items()}


def train(
    config: str | Path | Mapping[str, Any],
    overrides: Overrides = (),
    *,
    seeds: int | None = None,
    runs_dir: str | Path = RUNS,
    workers: int | str | None = None,
    plugins: Sequence[str | Path] = (),
) -> Run | Group:
    """Train a config; the same as `gdrun train`.

    Args:
        config: a YAML file, or its content as a mapping.
        overrides: dotted key → value, or "KEY=VALUE" texts.
        seeds: train so many seeds and return a group.
        runs_dir: where the run directory is made.
        workers: processes that share the runs of a group.
        plugins: Python files with components of one's own.

    Returns:
        The run, or the group. A run that diverged is returned too: look at its `status`.

    Raises:
        ConfigError, DataError, SystemRefusedError: see `gdrun.errors`.
        StoppedError: Ctrl-C; `resume` goes on.
    """
    for plugin in plugins:
        load_plugin(plugin)
    loaded = from_plain(config, overrides) if isinstance(config, Mapping) else load_config(config, overrides)
    plan = plan_training(loaded.config, seeds, workers)
    interruption = Interruption()
    with interruption.listening():
        path = carry_out(
            plan,
            Path(runs_dir),
            tell=_silent,
            interruption=interruption,
            plugins=[Path(plugin) for plugin in plugins],
        )
        write_report(path)
    return load(path)


def resume(run: str | Path, *, runs_dir: str | Path = RUNS, workers: int | str | None = None) -> Run | Group:
    """Go on with an interrupted run or group; the same as `gdrun resume`."""
    path = resolve(str(run), Path(runs_dir))
    interruption = Interruption()
    with interruption.listening():
        go_on(path, tell=_silent, interruption=interruption, workers=workers)
        write_report(path)
    return load(path)


def load(run: str | Path, *, runs_dir: str | Path = RUNS) -> Run | Group:
    """A run or group on the disk.

    Args:
        run: its directory, its name, the beginning of that, or "latest".
        runs_dir: where names are looked up.
    """
    path = resolve(str(run), Path(runs_dir))
    return Group(path) if (path / GROUP_RECORD).is_file() else Run(path)


def _silent(event: object) -> None:
    """What Python callers see of the progress: nothing."""
