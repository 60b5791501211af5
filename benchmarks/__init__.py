"""gdrun beside its peers: `make benchmark`, or `python -m benchmarks` where they are installed.

Read `problem.py` (the three networks), one of the contenders (`own.py`, `products.py`, `pytorch.py`,
`scikit_learn.py`, `jax_scan.py`), `lockstep.py` (they take turns), `targets.py` (what gdrun aims at), then
`commands.py` (the command line from outside).
"""
