"""What is shown on a terminal: the one place that imports rich.

Results go to stdout, progress and notices to stderr. Read `screen.py`, then `progress.py` and `tables.py`.
"""
