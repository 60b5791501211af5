"""`gdrun compare-optimizers`: tune every optimizer with the same budget, then compare the best settings.

Read `contestants.py` (who takes part), `design.py` (which settings are tried), `problems.py` and `plan.py`
(the runs), `measures.py` (what the files of a run add to its row), `tuning.py` (which settings are best),
`rounds.py` (what is to be trained next), then `evaluation.py`, `target.py`, `performance.py`, `words.py` and
`summary.py` (what it all comes to).
"""
