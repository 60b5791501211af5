"""Training: the one loop over epochs and batches, for a stack of runs.

Read `work.py` (what a stack is asked to do), `trainer.py` (the loop), `stack.py` (the arrays and one update),
then `batches.py`, `evaluation.py`, `learning_rate.py`, `progress.py`; `record.py` and `snapshot.py` are what
comes out. Of descents on an objective the loop is `descent.py`, and `positions.py` what it goes through.
"""
