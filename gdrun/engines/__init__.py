"""Engines carry work to where it is done; what the work is they neither know nor change.

Read `interruption.py` (Ctrl-C and SIGTERM), then `engine.py` (this process), `pool.py` (several
processes) and `worker.py` (what runs in those).
"""
