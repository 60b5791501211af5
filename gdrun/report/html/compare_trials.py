"""What tuning found: every trial by what was tuned, and the range that does almost as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.report.comparison import Problem, section_of, setting, settings_in_words
from gdrun.report.html.compare_charts import close_up, overlay
from gdrun.report.html.compare_tables import Cell, Table, cell
from gdrun.report.html.curves import Chart, Values, is_steep, plain
from gdrun.report.html.source import section
from gdrun.report.html.words import as_floats, column_words, count, figure

LEARNING_RATE = "learning_rate"


def trial_chart(problem: Problem, shown: Mapping[str, dict[str, Any]]) -> Chart | None:
    """A panel a contestant with all of its trials; a view a tuned key. All panels have the same axes."""
    tunings = {name: section_of(problem, name, "tuning") for name in problem["ranking"]}
    scores = as_floats([s for tuning in tunings.values() for t in trials(tuning) for s in t["scores"]])
    scores = scores[np.isfinite(scores)]
    keys = list(dict.fromkeys(key for tuning in tunings.values() for key in numeric_keys(tuning)))
    if not scores.size or not keys:
        return None
    steep = bool(scores.min() > 0) and is_steep([scores])
    vertical = {"near": close_up(problem), "log_possible": steep, "log": steep}
    drawing = {
        "kind": "trials",
        "label": column_words(problem["monitor"]),
        "lower": problem["better"] == "lower",
        "domain": vertical_domain(problem, scores, steep),
        "views": [{**key_axis(list(tunings.values()), key), **vertical} for key in keys],
        "panels": [
            {"label": name, **shown[name], **panel(tuning, keys)}
            for name, tuning in tunings.items()
            if numeric_keys(tuning)
        ],
    }
    words = " ".join(f"{one['label']}: {one['said']}" for one in drawing["panels"])
    connected = all(one["connected"] for one in drawing["panels"])
    caption = (
        f"A dot is a tuning seed, hollow beyond the planned range; the {'line' if connected else 'ring'} is "
        "their median, the diamond what was chosen, the shade the range within 1 % of the best. A cross at "
        "the edge is a run that diverged."
    )
    return Chart("Every trial", words, caption, drawing, wide=True)


def vertical_domain(problem: Problem, scores: Values, steep: bool) -> list[float]:
    """A little more than the scores take."""
    low, high = float(scores.min()), float(scores.max())
    if steep:
        return [low / 1.2, high * 1.2]
    margin = 0.05 * (high - low) or 0.5
    if problem["unit"] == "points":  # a share
        return [max(0.0, low - margin), min(1.0, high + margin)]
    return [low - margin, high + margin]


def key_axis(tunings: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """What a key is called, its range over all contestants, and whether it is shown by powers of ten."""
    known = np.concatenate([positions(tuning, key) for tuning in tunings])
    known = known[np.isfinite(known)]
    low, high = float(known.min()), float(known.max())
    if low == high:
        low, high = (low / 2, high * 2) if low > 0 else (low - 1, high + 1)
    logarithmic = low > 0 and (key.endswith(LEARNING_RATE) or high / low > 30)
    return {"label": key_words(key), "x_log": logarithmic, "domain": [low, high]}


def panel(tuning: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The trials of one contestant, with their places on the axis of every key."""
    columns = [plain(positions(tuning, key), 6) for key in keys]
    found = section(tuning, "learning_rate_range")
    between = [found["low"], found["high"]] if found else None
    return {
        "said": tuning_in_words(tuning),
        "connected": tuning.get("design") == "grid" and len(numeric_keys(tuning)) == 1,
        "ranges": [between if key.endswith(LEARNING_RATE) else None for key in keys],
        "trials": [
            {
                "trial": trial["trial"],
                "at": [column[place] for column in columns],
                "scores": plain(as_floats(trial["scores"]), 5),
                "score": plain(as_floats([trial.get("score")]), 5)[0],
                **({"added": True} if trial.get("added") else {}),
                **({"chosen": True} if trial["trial"] == tuning.get("chosen") else {}),
            }
            for place, trial in enumerate(trials(tuning))
        ],
    }


def tuning_in_words(tuning: Mapping[str, Any]) -> str:
    """What was chosen, how wide the range of almost as good rates is, what diverged."""
    tried = trials(tuning)
    chosen = next((trial for trial in tried if trial["trial"] == tuning.get("chosen")), None)
    said = [f"Chosen: {settings_in_words(chosen['settings'])}." if chosen else "Every trial failed."]
    found = section(tuning, "learning_rate_range")
    if found:
        least = "at least " if found.get("open_below") or found.get("open_above") else ""
        width = f"{least}{found['decades']:.1f}" if found["decades"] >= 0.05 else "less than 0.1"
        said.append(
            f"Within 1 % of the best: {setting(found['low'])} to {setting(found['high'])}, {width} decades."
        )
    edge = {"low": "lowest", "high": "highest"}.get(str(tuning.get("edge")))
    if edge and chosen:
        said.append(
            f"It is the {edge} {key_words(str(tuning.get('edge_option') or 'value'))} that was tried."
        )
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
        x, y = positions(tuning, keys[0]), as_floats([trial.get("score") for trial in trials(tuning)])
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
    if len(sets) < 2:  # the one is among the panels
        return None
    values = as_floats([value for one in sets for value in one["median"]])
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
        "Median over the tuning seeds of the best value that a run reached. The diamond is the rate that "
        "was chosen; a gap is a rate at which most runs diverged. The broader the top, the less an "
        "optimizer needs tuning."
    )
    return overlay(
        "All optimizers by learning rate", f"Score by learning rate: {words}.", caption, [view], names, shown
    )


def trial_table(problem: Problem) -> Table:
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
            rows.append((name, None, cells))
    columns = ["optimizer", "trial", *map(key_words, keys), "score (median)", "by seed", "note"]
    return Table(columns, rows)


def trials(tuning: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return tuning.get("trials") or ()


def numeric_keys(tuning: Mapping[str, Any]) -> list[str]:
    """The tuned keys whose values are numbers, the learning rate first."""
    found = [key for key in tuning.get("keys") or () if np.isfinite(positions(tuning, key)).any()]
    return sorted(found, key=lambda key: not key.endswith(LEARNING_RATE))


def positions(tuning: Mapping[str, Any], key: str) -> Values:
    return as_floats([trial["settings"].get(key) for trial in trials(tuning)])


def key_words(key: str) -> str:
    """`optimizer.learning_rate` → `learning rate`."""
    return key.removeprefix("optimizer.").replace("_", " ")
