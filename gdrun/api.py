"""gdrun from Python: what the commands do, with runs as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from gdrun.config import Config, from_plain
from gdrun.config import load as load_config
from gdrun.config.load import Source, plain_source, read_source
from gdrun.config.overrides import Overrides
from gdrun.config.plugins import load_plugin
from gdrun.data.folds import Strategy
from gdrun.engines.choice import Engine, chosen_cluster, workers_on
from gdrun.engines.cluster import Cluster
from gdrun.engines.interruption import Interruption
from gdrun.experiments.comparison.plan import plan_comparison
from gdrun.experiments.kfold import plan_kfold
from gdrun.experiments.minimize.plan import plan_minimizing
from gdrun.experiments.plan import Plan, carry_out_plan
from gdrun.experiments.resume import resume as go_on
from gdrun.experiments.sweep.plan import plan_sweep
from gdrun.experiments.sweep.space import space_of
from gdrun.experiments.train import plan_training
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
    engine: Engine = "local",
    scheduler: str | None = None,
    plugins: Sequence[str | Path] = (),
) -> Run | Group:
    """Train a config; the same as `gdrun train`.

    Args:
        config: a YAML file, or its content as a mapping.
        overrides: dotted key → value, or "KEY=VALUE" texts.
        seeds: train so many seeds and return a group.
        runs_dir: where the run directory is made.
        workers: processes that share the runs of a group.
        engine: "dask" to train on a Dask cluster.
        scheduler: the address of a running one; None for one of this machine's cores.
        plugins: Python files with components of one's own.

    Returns:
        The run, or the group. A run that diverged is returned too: look at its `status`.

    Raises:
        ConfigError, DataError, SystemRefusedError: see `gdrun.errors`.
        StoppedError: Ctrl-C; `resume` goes on.
    """
    cluster = chosen_cluster(engine, scheduler)
    files = _load_plugins(plugins)
    plan = plan_training(_config(config, overrides), seeds, workers_on(cluster, workers))
    return load(_carried_out(plan, runs_dir, files, cluster))


def kfold(
    config: str | Path | Mapping[str, Any],
    overrides: Overrides = (),
    *,
    folds: int = 5,
    repeats: int = 1,
    strategy: Strategy = "auto",
    runs_dir: str | Path = RUNS,
    workers: int | str | None = None,
    engine: Engine = "local",
    scheduler: str | None = None,
    plugins: Sequence[str | Path] = (),
) -> Group:
    """Cross-validate a config; the same as `gdrun kfold`.

    Args:
        config, overrides, runs_dir, workers, engine, scheduler, plugins: as for `train`.
        folds, repeats, strategy: see `gdrun.experiments.kfold.plan_kfold`.

    Returns:
        The group: its `summary` has mean, spread and corrected interval of every metric over the folds.
    """
    cluster = chosen_cluster(engine, scheduler)
    files = _load_plugins(plugins)
    plan = plan_kfold(_config(config, overrides), folds, repeats, strategy, workers_on(cluster, workers))
    return Group(_carried_out(plan, runs_dir, files, cluster))


def compare_optimizers(
    configs: str | Path | Mapping[str, Any] | Sequence[str | Path | Mapping[str, Any]],
    overrides: Overrides = (),
    *,
    optimizers: Sequence[str] | Literal["all"] | None = None,
    seeds: int | None = None,
    trials: int | None = None,
    runs_dir: str | Path = RUNS,
    workers: int | str | None = None,
    engine: Engine = "local",
    scheduler: str | None = None,
    plugins: Sequence[str | Path] = (),
) -> Group:
    """Compare optimizers; the same as `gdrun compare-optimizers`.

    Args:
        configs: a config, or one a problem.
        overrides: of all of them.
        optimizers: names of optimizers, or labels of the config's contestants, or "all"; None for those that
            the config names, else the usual ones.
        seeds, trials: in place of the config's `compare.seeds` and `compare.trials`.
        runs_dir, workers, engine, scheduler, plugins: as for `train`.

    Returns:
        The group: its `summary["problems"]` has ranking, pairs with their verdicts, and every contestant.
    """
    cluster = chosen_cluster(engine, scheduler)
    files = _load_plugins(plugins)
    several = [configs] if isinstance(configs, str | Path | Mapping) else configs
    names = optimizers if optimizers is None or isinstance(optimizers, str) else ",".join(optimizers)
    problems = [_source(config).load_any(overrides).config for config in several]
    plan = plan_comparison(
        problems, optimizers=names, seeds=seeds, trials=trials, workers=workers_on(cluster, workers)
    )
    return Group(_carried_out(plan, runs_dir, files, cluster))


def sweep(
    config: str | Path | Mapping[str, Any],
    values: Sequence[str] | Mapping[str, Any],
    *,
    overrides: Overrides = (),
    seeds: int | None = None,
    random: int | None = None,
    runs_dir: str | Path = RUNS,
    workers: int | str | None = None,
    engine: Engine = "local",
    scheduler: str | None = None,
    plugins: Sequence[str | Path] = (),
) -> Group:
    """Train a config at every point of a grid, or at points drawn at random; the same as `gdrun sweep`.

    Args:
        config, runs_dir, workers, engine, scheduler, plugins: as for `train`.
        values: dotted key → its values, or text as on the command line: "log(1e-4,1e-1,7)", "16,64".
        overrides: as for `train`; the same at every point.
        seeds: how many of every point.
        random: how many points to draw.

    Returns:
        The group: its `results` has a row a run, its `summary` the points, their order and the best.
    """
    cluster = chosen_cluster(engine, scheduler)
    files = _load_plugins(plugins)
    source = _source(config)
    space = space_of(source, values, overrides)
    plan = plan_sweep(space, seeds=seeds, random=random, workers=workers_on(cluster, workers))
    return Group(_carried_out(plan, runs_dir, files, cluster))


def minimize(
    config: str | Path | Mapping[str, Any],
    overrides: Overrides = (),
    *,
    runs_dir: str | Path = RUNS,
    workers: int | str | None = None,
    engine: Engine = "local",
    scheduler: str | None = None,
    plugins: Sequence[str | Path] = (),
) -> Run | Group:
    """Follow the gradient of an objective; the same as `gdrun minimize`.

    Args:
        config, overrides, runs_dir, workers, engine, scheduler, plugins: as for `train`.

    Returns:
        The run, or the group of several starts: its `result` has the best value and where it is, its
        `trajectory` every step.
    """
    cluster = chosen_cluster(engine, scheduler)
    files = _load_plugins(plugins)
    source = _source(config)
    plan = plan_minimizing(source.load_objective(overrides).config, workers_on(cluster, workers))
    return load(_carried_out(plan, runs_dir, files, cluster))


def resume(
    run: str | Path,
    *,
    runs_dir: str | Path = RUNS,
    workers: int | str | None = None,
    engine: Engine = "local",
    scheduler: str | None = None,
) -> Run | Group:
    """Go on with an interrupted run or group; the same as `gdrun resume`."""
    cluster = chosen_cluster(engine, scheduler)
    workers = workers_on(cluster, workers)
    path = resolve(str(run), Path(runs_dir))
    interruption = Interruption()
    with interruption.listening():
        go_on(path, tell=_silent, interruption=interruption, workers=workers, cluster=cluster)
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


def _load_plugins(plugins: Sequence[str | Path]) -> list[Path]:
    for plugin in plugins:
        load_plugin(plugin)
    return [Path(plugin) for plugin in plugins]


def _source(config: str | Path | Mapping[str, Any]) -> Source:
    return plain_source(config) if isinstance(config, Mapping) else read_source(config)


def _config(config: str | Path | Mapping[str, Any], overrides: Overrides) -> Config:
    loaded = from_plain(config, overrides) if isinstance(config, Mapping) else load_config(config, overrides)
    return loaded.config


def _carried_out(plan: Plan, runs_dir: str | Path, plugins: Sequence[Path], cluster: Cluster | None) -> Path:
    """The directory that a plan leaves, with its report."""
    interruption = Interruption()
    with interruption.listening():
        path = carry_out_plan(
            plan, Path(runs_dir), tell=_silent, interruption=interruption, plugins=plugins, cluster=cluster
        )
        write_report(path)
    return path


def _silent(event: object) -> None:
    """What Python callers see of the progress: nothing."""
