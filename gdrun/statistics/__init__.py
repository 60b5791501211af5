"""Statistics of results: arrays in, numbers out. Knows nothing of runs, configs or files.

Read `description.py` (what `train --seeds` reports of every metric), then `cross_validation.py` (the same
for folds). A comparison is put together in `comparison.py` and said in `verdict.py`; its parts are
`bootstrap.py`, `sign_flip.py`, `multiple_tests.py`, `power.py` and `letters.py`. The others stand alone:
`interquartile.py`, `time_to_target.py`, `profiles.py` (several problems), `expected_best.py` and
`tuneability.py` (what tuning brought).
"""

from __future__ import annotations

from gdrun.statistics.bootstrap import bca_interval, mean_interval
from gdrun.statistics.comparison import Comparison, PairedDifference, compare, probability_of_improvement
from gdrun.statistics.cross_validation import describe_folds
from gdrun.statistics.description import Description, describe
from gdrun.statistics.expected_best import expected_best
from gdrun.statistics.interquartile import interquartile_mean
from gdrun.statistics.letters import compact_letters
from gdrun.statistics.multiple_tests import holm
from gdrun.statistics.power import fewest_seeds, seeds_needed
from gdrun.statistics.profiles import algoperf_score, performance_profile, performance_ratios
from gdrun.statistics.quartiles import quartiles
from gdrun.statistics.sign_flip import sign_flip_test, smallest_p_value
from gdrun.statistics.time_to_target import TimeToTarget, summarize_times
from gdrun.statistics.tuneability import LearningRateRange, learning_rate_range
from gdrun.statistics.verdict import Verdict, verdict

__all__ = [
    "Comparison",
    "Description",
    "LearningRateRange",
    "PairedDifference",
    "TimeToTarget",
    "Verdict",
    "algoperf_score",
    "bca_interval",
    "compact_letters",
    "compare",
    "describe",
    "describe_folds",
    "expected_best",
    "fewest_seeds",
    "holm",
    "interquartile_mean",
    "learning_rate_range",
    "mean_interval",
    "performance_profile",
    "performance_ratios",
    "probability_of_improvement",
    "quartiles",
    "seeds_needed",
    "sign_flip_test",
    "smallest_p_value",
    "summarize_times",
    "verdict",
]
