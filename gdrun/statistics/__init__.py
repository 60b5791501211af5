"""Statistics of results: arrays in, numbers out. Knows nothing of runs, configs or files.

Read `description.py` (what `train --seeds` reports of every metric).
"""

from __future__ import annotations

from gdrun.statistics.description import Description, describe

__all__ = ["Description", "describe"]
