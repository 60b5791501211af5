"""Dask clusters: the one that is named, or one of this machine's cores, which ends with the work."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gdrun.errors import ConfigError, SystemRefusedError

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = 4  # seconds for a scheduler to answer
_LOGGERS = ("distributed", "distributed.client", "tornado.application")
_GATHERING = 10  # seconds for the first worker, which may be about to replace one that died
_START = 60  # seconds for a cluster of this machine to start


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster.

    Attributes:
        scheduler: the address of a running one's; None for one of this machine's cores.
        folder: that every worker has to see, since it is where the runs are written.
    """

    scheduler: str | None = None
    folder: Path | None = None


@contextlib.contextmanager
def running(cluster: Cluster | None, workers: int) -> Iterator[Cluster | None]:
    """The cluster itself if it runs; else, while this lasts, one of so many processes of this machine.

    For none there is none.

    Raises:
        ConfigError: Dask isn't installed.
        SystemRefusedError: it doesn't start.
    """
    if cluster is None or cluster.scheduler is not None:
        yield cluster
        return
    check_installed()
    from gdrun.engines.child import Child

    child = Child("local_cluster", workers)
    try:
        try:
            address = child.line.recv() if child.line.poll(_START) else "nothing was heard of it"
        except EOFError:
            address = child.death()
        if not address.startswith("tcp://"):
            raise SystemRefusedError(
                f"the Dask cluster of this machine does not start: {address}; "
                "try again, or leave --engine out"
            )
        yield replace(cluster, scheduler=address)
    finally:
        child.end()


@contextlib.contextmanager
def connected(cluster: Cluster) -> Iterator[Client]:
    """A client of a running cluster while this lasts.

    Raises:
        ConfigError: Dask isn't installed, or what should be the scheduler's address is none.
        SystemRefusedError: nobody answers there.
    """
    check_installed()
    import asyncio
    import logging
    from concurrent.futures import ThreadPoolExecutor

    from distributed import Client

    address = str(cluster.scheduler)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:  # what matters of it becomes an error of ours
        logger.setLevel(logging.CRITICAL)
    try:
        with ThreadPoolExecutor(1) as aside:  # this thread may have an event loop of its own
            aside.submit(asyncio.run, _ask(address)).result()
        with Client(address, timeout=_PATIENCE, set_as_default=False) as client:
            yield client
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


async def _ask(address: str) -> None:
    """Find out whether a scheduler is at the address, before a client is made that goes on trying."""
    import asyncio

    from distributed import rpc

    try:
        async with asyncio.timeout(_PATIENCE), rpc(address) as server:
            identity = await server.identity()
    except ValueError as error:
        raise ConfigError(
            f"--scheduler: {address!r} is no address ({error}); write one such as tcp://127.0.0.1:8786"
        ) from error
    except Exception as error:  # whoever answers may speak another language
        raise SystemRefusedError(
            f"no Dask scheduler answers at {address}; start one with `dask scheduler`, "
            "or leave --scheduler out for a cluster of this machine"
        ) from error
    if identity["type"] != "Scheduler":
        raise SystemRefusedError(f"a Dask {identity['type'].lower()} is at {address}, no scheduler")


def usable_workers(client: Client, folder: Path | None = None, among: list[str] | None = None) -> list[str]:
    """The addresses of a cluster's workers, which are all found to be able to do our tasks.

    Args:
        client: of the cluster.
        folder: that they have to see.
        among: addresses to ask; None for all.

    Raises:
        SystemRefusedError: there are none, or one has another version, or doesn't see the folder.
    """
    from gdrun.engines.cluster_worker import introduce

    with contextlib.suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_GATHERING)
    place = None if folder is None else str(folder.absolute())
    answers = client.run(introduce, place, workers=among, on_error="return")
    here, _ = introduce(None)
    found = []
    for address, answer in answers.items():
        if isinstance(answer, OSError):  # it has just gone
            continue
        if isinstance(answer, ImportError):
            raise SystemRefusedError(
                f"the Dask worker {address} has no gdrun ({answer}); "
                f"install gdrun {here['gdrun']} in its environment and start it again"
            )
        if isinstance(answer, Exception):
            raise SystemRefusedError(f"the Dask worker {address} cannot be used: {answer}")
        versions, sees_folder = answer
        for name, version in here.items():
            if versions[name] != version:
                raise SystemRefusedError(
                    f"the Dask worker {address} has {name} {versions[name]}, this process has {version}; "
                    "results would differ: use the same environment on both"
                )
        if not sees_folder:
            raise SystemRefusedError(
                f"the Dask worker {address} does not see {folder}; "
                "take a --runs-dir in a file system that all machines share"
            )
        found.append(address)
    if not found:
        raise SystemRefusedError(
            f"the Dask scheduler at {client.scheduler.address} has no workers; start one a core: "
            f"dask worker {client.scheduler.address} --nworkers -1 --nthreads 1"
        )
    return found


def number_of_workers(cluster: Cluster) -> int:
    """How many workers a running cluster has.

    Raises:
        ConfigError, SystemRefusedError: see `connected` and `usable_workers`.
    """
    with connected(cluster) as client:
        return len(usable_workers(client, cluster.folder))


def check_installed() -> None:
    """Raise a `ConfigError` if Dask isn't installed."""
    try:
        import distributed  # noqa: F401 - tried only
    except ImportError as error:
        raise ConfigError(
            f"--engine dask: {error}; install what it needs: pip install 'gdrun[cluster]'"
        ) from error
