"""report.html: one page that holds everything about a run or a group of seeds, and works offline.

source.py       what a report is made from, as plain data
directory.py    … read from a run or group directory, and nothing else
words.py        numbers, durations, statuses and terms, as people read them
curves.py       lines over epochs and steps, thinned out where there are too many points
outcome.py      the confusion matrix, or predicted against true
run_page.py     the sections of a run's report
group_page.py   the sections of the report on a group of seeds or folds
large_groups.py what these leave out where there are very many
compare_page.py the sections of the report on a comparison of optimizers, with its sentences
                (compare_words.py, compare_protocol.py), its tables (compare_tables.py) and its charts
                (compare_charts.py, compare_seeds.py, compare_trials.py, compare_times.py)
sweep_page.py   the sections of the report on a sweep, of its points (sweep_points.py), with its charts
                (sweep_charts.py, sweep_descents.py) on their axes (sweep_axes.py)
minimize_page.py the sections of the report on descents, over the map of the objective (landscape.py)
page.py         template + data + charting code → one HTML text under a strict content policy
assets/         the style sheet, the code that draws, the charting library with its licences
templates/      the pages (Jinja)
"""

from __future__ import annotations

from gdrun.report.html.write import write_report

__all__ = ["write_report"]
