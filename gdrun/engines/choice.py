"""Which engine a command asked for, and how many workers it gets there."""

from __future__ import annotations

from typing import Literal

from gdrun.engines.cluster import Cluster, check_installed, number_of_workers
from gdrun.engines.engine import available_cores
from gdrun.errors import ConfigError

Engine = Literal["local", "dask"]


def chosen_cluster(engine: Engine, scheduler: str | None = None) -> Cluster | None:
    """The Dask cluster of `--engine dask`; None for this machine's own processes.

    Args:
        engine: as asked for.
        scheduler: address of a running one's.

    Raises:
        ConfigError: an address without the engine, an unknown engine, or Dask isn't installed.
    """
    if engine == "dask":
        check_installed()
        return Cluster(scheduler)
    if engine != "local":
        raise ConfigError(f"--engine: {engine!r} is neither local nor dask")
    if scheduler is not None:
        raise ConfigError("--scheduler: it is Dask's; say --engine dask, too")
    return None


def workers_on(cluster: Cluster | None, asked: int | str | None) -> int | str | None:
    """How many workers a plan counts on; on a cluster, all of them unless a number was asked for.

    Args:
        cluster: where it is carried out; one that should be running is asked whether it is.
        asked: a number, or "auto", or None; without a cluster it is left to the plan.

    Raises:
        ConfigError, SystemRefusedError: the cluster cannot be reached or used.
    """
    if cluster is None:
        return asked
    number = available_cores() if cluster.scheduler is None else number_of_workers(cluster)
    return asked if isinstance(asked, int) else number
