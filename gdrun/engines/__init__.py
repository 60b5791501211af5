"""Engines carry work to where it is done; what the work is they neither know nor change.

Read `interruption.py` (Ctrl-C and SIGTERM), then `engine.py` (the one loop) and `executor.py` (what it needs,
and this process), `pool.py` with `child.py`, `worker.py` and `reserve.py` (several processes),
`cluster_executor.py` with `cluster.py`, `cluster_worker.py` and `local_cluster.py` (Dask), and `choice.py`
(what a command asked for).
"""
