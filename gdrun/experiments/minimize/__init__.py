"""`gdrun minimize`: descents on an objective, one a start.

Read `plan.py` (the runs and how they are spread), `tile.py` (what happens where they are made) and
`summary.py` (what they come to).
"""
