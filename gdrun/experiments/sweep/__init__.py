"""`gdrun sweep`: the runs of a grid, or of points drawn at random, over any keys of a config.

Read `points.py` (which points there are), `space.py` (the config of each), `runs.py` (the runs of each),
`plan.py`, then `summary.py` (what they come to). What may be written for a value is in
`gdrun.config.sweep_values`.
"""
