"""`gdrun resume`: goes on with an interrupted run or group, to the bits it would have had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gdrun.config import AnyConfig, to_plain
from gdrun.config.load import read_source
from gdrun.config.plugins import load_plugin, recorded_plugins
from gdrun.engines.cluster import Cluster
from gdrun.engines.engine import available_cores
from gdrun.engines.interruption import Interruption
from gdrun.errors import ConfigError
from gdrun.experiments.carrying_out import carry_out_group, carry_out_run, clear_checkpoints
from gdrun.experiments.command import Command
from gdrun.experiments.comparison.plan import COMPARE
from gdrun.experiments.kfold import KFOLD
from gdrun.experiments.means import Means, Tell
from gdrun.experiments.minimize.plan import MINIMIZE
from gdrun.experiments.sweep.plan import SWEEP
from gdrun.experiments.train import TRAIN
from gdrun.run_directory.directory import CONFIG, FINAL, MEMBERS
from gdrun.run_directory.group import RECORD as GROUP_RECORD
from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory
from gdrun.run_directory.store import load as saved

COMMANDS: dict[str, Command[Any]] = {
    command.name: command for command in (TRAIN, KFOLD, COMPARE, SWEEP, MINIMIZE)
}


def resume(
    path: Path,
    *,
    tell: Tell,
    interruption: Interruption,
    workers: int | str | None = None,
    plugins: Sequence[Path] = (),
    cluster: Cluster | None = None,
) -> bool:
    """Go on with what is in a directory; False if there was nothing left to do.

    Args:
        path: of a run or a group.
        tell, interruption: see `carry_out_run`.
        workers: processes for a group; None for as many as it was started with.
        plugins: files to load in place of those that it was started with.
        cluster: where the runs are trained, if it isn't this machine's own processes.

    Raises:
        ConfigError: it is a run of a group, which shares its checkpoints with others.
        LockedError: it is still running.
        WeightsError: its checkpoints are damaged or belong to something else.
        GdrunError: what else prevented it.
    """
    if (path / GROUP_RECORD).is_file():
        return _resume_group(path, tell, interruption, workers, plugins, cluster)
    group = path.absolute().parent.parent
    if path.absolute().parent.name == MEMBERS and (group / GROUP_RECORD).is_file():
        raise ConfigError(f"{path} is a run of a group and goes on with it: gdrun resume {group}")
    with RunDirectory.open(path) as run:
        if run.record["status"] in FINAL:
            clear_checkpoints(path)
            return False
        files = list(plugins) or recorded_plugins(run.record, path)
        config = _config(path, files)
        with interruption.deferred():
            run.restart()
            carry_out_run(run, to_plain(config), Means(1, tell, interruption, files, cluster))
        return True


def _resume_group(
    path: Path,
    tell: Tell,
    interruption: Interruption,
    workers: int | str | None,
    plugins: Sequence[Path],
    cluster: Cluster | None,
) -> bool:
    with GroupDirectory.open(path) as group:
        if group.record["status"] == "completed":
            clear_checkpoints(path)
            return False
        files = list(plugins) or recorded_plugins(group.record, path)
        config = _config(path, files)
        command = COMMANDS.get(group.record["command"])
        if command is None:
            raise ConfigError(f"{path}: this version of gdrun has no command {group.record['command']!r}")
        asked = group.record.get("workers", "auto") if workers is None else workers
        number = available_cores() if asked == "auto" else int(asked)
        with interruption.deferred():
            group.restart()
            carry_out_group(group, config, command, Means(number, tell, interruption, files, cluster))
        return True


def _config(path: Path, plugins: Iterable[Path]) -> AnyConfig:
    """The config of a run or group.

    Raises:
        ConfigError: it is not what the run began with.
    """
    _ = saved(path).config_text  # looks at its digest
    for plugin in plugins:
        load_plugin(plugin)
    return read_source(path / CONFIG).load_any().config
