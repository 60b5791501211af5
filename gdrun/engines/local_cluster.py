"""A Dask cluster of this machine's cores, in a process of its own.

It belongs to no terminal, as the workers of the pool don't, and its workers are started from a process that
has no script to import again. When the line breaks, everything here ends at once. What Python says of
processes that end while they start, or while they tidy up, is nobody's business: it is not on the screen.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
from multiprocessing.connection import Connection

from gdrun.engines.interruption import SIGNALS

_SETTINGS = {
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.work-stealing": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.deploy.lost-worker-timeout": "1000h",  # never give up a worker that dies while it starts
}


def main(descriptor: int, workers: int) -> None:
    """Start the cluster, say where its scheduler is, and wait until the line breaks.

    Args:
        descriptor: of this process's end of the line.
        workers: processes, of one thread each.
    """
    import dask.config
    from distributed import LocalCluster

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    line: Connection = Connection(descriptor)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the standard error, that of the workers too
    folder = tempfile.mkdtemp(prefix="gdrun-cluster-")
    try:
        dask.config.set(_SETTINGS | {"temporary-directory": folder})
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # where its scheduler's bare statistics are
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            silence_logs=logging.CRITICAL + 1,
        )
        line.send(cluster.scheduler_address)
        line.recv()
    except EOFError:
        pass
    except Exception as error:
        with contextlib.suppress(OSError):
            line.send(f"{type(error).__name__}: {error}")
    finally:
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
