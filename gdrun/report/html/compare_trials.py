"""What tuning found: every trial by what was tuned, the range that does almost as well, and both as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.comparison import Problem, section_of, setting, settings_in_words
from gdrun.report.html.compare_charts import close_up, numbers, overlay
from gdrun.report.html.compare_tables import Cell, Table, cell
from gdrun.report.html.curves import Chart, Values, is_steep, plain
from gdrun.report.html.source import section
from gdrun.report.html.words import as_float, column_words, count, figure

LEARNING_RATE = "learning_rate"


def trial_charts(problem: Problem, shown: Mapping[str, dict[str, Any]]) -> list[Chart]:
    """A chart a contestant, all with the same vertical axis, and the same horizontal ones where keys agree."""
    tunings = {name: section_of(problem, name, "tuning") for name in problem["ranking"]}
    scores = numbers(
        [s for tuning in tunings.values() for t in trials(tuning) for s in t.get("scores") or ()]
    )
    scores = scores[np.isfinite(scores)]
    domains: dict[str, Values] = {}
    for tuning in tunings.values():
        for key in numeric_keys(tuning):
            known = domains.get(key, np.zeros(0))
            domains[key] = np.concatenate([known, positions(tuning, key)])
    if not scores.size or not domains:
        return []
    margin = 0.04 * float(np.ptp(scores)) or 0.5
    domain = [float(scores.min()) - margin, float(scores.max()) + margin]
    if problem["unit"] == "points":
        domain = [max(0.0, domain[0]), min(1.0, domain[1])]
    steep = bool(scores.min() > 0) and is_steep([scores])
    if steep:
        domain = [float(scores.min()) / 1.2, float(scores.max()) * 1.2]
    return [
        _trial_chart(problem, name, tuning, shown[name], domain, domains, steep)
        for name, tuning in tunings.items()
        if numeric_keys(tuning)
    ]


def _trial_chart(
    problem: Problem,
    name: str,
    tuning: Mapping[str, Any],
    look: Mapping[str, Any],
    domain: list[float],
    domains: Mapping[str, Values],
    steep: bool,
) -> Chart:
    keys = numeric_keys(tuning)
    found = section(tuning, "learning_rate_range")
    views = []
    for key in keys:
        known = domains[key][np.isfinite(domains[key])]
        low, high = float(known.min()), float(known.max())
        if low == high:
            low, high = (low / 2, high * 2) if low > 0 else (low - 1, high + 1)
        rate = key.endswith(LEARNING_RATE)
        view = {
            "label": key_words(key),
            "x_log": low > 0 and (rate or high / low > 30),
            "domain": [low, high],
            "range": [found["low"], found["high"]] if rate and found else None,
            "near": close_up(problem),
            "log_possible": steep,
            "log": steep,
        }
        views.append(view)
    columns = [plain(positions(tuning, key), 6) for key in keys]
    drawing = {
        "kind": "trials",
        **look,
        "label": column_words(problem["monitor"]),
        "lower": problem["better"] == "lower",
        "connected": tuning.get("design") == "grid" and len(keys) == 1,
        "domain": domain,
        "views": views,
        "trials": [
            {
                "trial": trial["trial"],
                "at": [column[place] for column in columns],
                "settings": [[key_words(key), setting(value)] for key, value in trial["settings"].items()],
                "scores": plain(numbers(trial["scores"]), 6),
                "score": as_float(trial.get("score")),
                "added": bool(trial.get("added")),
                "chosen": trial["trial"] == tuning.get("chosen"),
            }
            for place, trial in enumerate(trials(tuning))
        ],
    }
    said = tuning_in_words(tuning)
    return Chart(name, f"Trials of {name} by {', '.join(map(key_words, keys))}. {said}", said, drawing)


def tuning_in_words(tuning: Mapping[str, Any]) -> str:
    """What was chosen, how wide the range of almost as good rates is, what diverged."""
    tried = trials(tuning)
    chosen = next((trial for trial in tried if trial["trial"] == tuning.get("chosen")), None)
    said = [f"Chosen: {settings_in_words(chosen['settings'])}." if chosen else "Every trial failed."]
    found = section(tuning, "learning_rate_range")
    if found:
        least = "at least " if found.get("open_below") or found.get("open_above") else ""
        said.append(
            f"Within 1 % of the best: {setting(found['low'])} to {setting(found['high'])}, "
            f"{least}{found['decades']:.1f} decades."
        )
    edge = {"low": "lowest", "high": "highest"}.get(str(tuning.get("edge")))
    if edge and chosen:
        said.append(f"It is the {edge} that was tried.")
    if tuning.get("added"):
        said.append(f"{count(tuning['added'], 'trial')} added.")
    lost = sum(score is None for trial in tried for score in trial["scores"])
    if lost:
        said.append(f"{count(lost, 'run')} diverged.")
    return " ".join(said)


def rates_chart(problem: Problem, shown: Mapping[str, dict[str, Any]]) -> Chart | None:
    """The median score against the learning rate, all contestants with a grid of rates together."""
    names, sets = list(problem["ranking"]), []
    for name in names:
        tuning = section_of(problem, name, "tuning")
        keys = numeric_keys(tuning)
        if len(keys) != 1 or not keys[0].endswith(LEARNING_RATE) or len(trials(tuning)) < 2:
            continue
        x, y = positions(tuning, keys[0]), numbers([trial.get("score") for trial in trials(tuning)])
        order = np.argsort(x, kind="stable")
        places = [trials(tuning)[place]["trial"] for place in order.tolist()]
        chosen = tuning.get("chosen")
        if np.isfinite(y).any():
            sets.append(
                {
                    "label": name,
                    **shown[name],
                    "x": plain(x[order], 6),
                    "median": plain(y[order], 6),
                    "chosen": places.index(chosen) if chosen in places else None,
                }
            )
    values = numbers([value for one in sets for value in one["median"]])
    known = values[np.isfinite(values)]
    steep = bool(known.size and known.min() > 0) and is_steep([known])
    view = {
        "label": "",
        "axis": "learning rate",
        "quantity": column_words(problem["monitor"]),
        "lower": problem["better"] == "lower",
        "x_log": True,
        "near": close_up(problem),
        "log_possible": steep,
        "log": steep,
        "sets": sets,
    }
    words = "; ".join(
        f"{one['label']} best at {setting(one['x'][one['chosen']])} ({figure(one['median'][one['chosen']])})"
        for one in sets
        if one["chosen"] is not None
    )
    caption = (
        "Median over the tuning seeds of the best value that a run reached. The diamond is the rate that was chosen; a gap "
        "is a rate at which most runs diverged. The broader the top, the less an optimizer needs tuning."
    )
    return overlay(
        "All optimizers by learning rate", f"Score by learning rate: {words}.", caption, [view], names, shown
    )


def trial_table(problem: Problem, shown: Mapping[str, dict[str, Any]]) -> Table:
    """Every trial with the scores of its seeds."""
    tunings = {name: section_of(problem, name, "tuning") for name in problem["ranking"]}
    keys = list(dict.fromkeys(key for tuning in tunings.values() for key in tuning.get("keys") or ()))
    rows = []
    for name, tuning in tunings.items():
        for trial in trials(tuning):
            scores = [figure(score) if score is not None else "diverged" for score in trial["scores"]]
            marks = [trial["trial"] == tuning.get("chosen") and "chosen", trial.get("added") and "added"]
            cells = [cell(trial["trial"])]
            cells += [
                Cell("" if value is None else setting(value), value)
                for value in (trial["settings"].get(key) for key in keys)
            ]
            cells += [cell(trial.get("score")), Cell(", ".join(scores), "")]
            cells.append(
                Cell(", ".join(filter(None, marks)), "", best=trial["trial"] == tuning.get("chosen"))
            )
            rows.append((name, shown[name], cells))
    columns = ["optimizer", "trial", *map(key_words, keys), "score (median)", "by seed", ""]
    return Table(columns, rows)


def trials(tuning: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return tuning.get("trials") or ()


def numeric_keys(tuning: Mapping[str, Any]) -> list[str]:
    """The tuned keys whose values are numbers, the learning rate first."""
    found = [key for key in tuning.get("keys") or () if np.isfinite(positions(tuning, key)).any()]
    return sorted(found, key=lambda key: not key.endswith(LEARNING_RATE))


def positions(tuning: Mapping[str, Any], key: str) -> Values:
    return numbers([trial["settings"].get(key) for trial in trials(tuning)])


def key_words(key: str) -> str:
    """`optimizer.learning_rate` → `learning rate`."""
    return key.removeprefix("optimizer.").replace("_", " ")
