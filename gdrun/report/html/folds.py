"""What the report on folds has beyond that on seeds: how they were made, what they predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdrun.report.html.outcome import Outcome, confusion_of, regression
from gdrun.report.html.source import ReportGroup, section
from gdrun.report.html.words import as_int, figure

REPEAT = "split.fold.repeat"  # the column of results.csv
PREDICTION = "out-of-fold prediction"
_MADE = {
    "plain": "The rows were dealt out at random to {of} folds whose sizes differ by at most one.",
    "stratified": "The rows of each class were dealt out at random to {of} folds: in any two of them, the "
    "counts of a class differ by at most one.",
    "group": "Whole groups of rows were dealt out to {of} folds, the largest groups first: no group is in "
    "two folds.",
    "time-series": "The rows are in the order of time. Each of {of} folds is a block of equally many rows, "
    "and was predicted from the rows before it alone; the first rows of all are never predicted.",
}
_TERMS = {
    "fold": "A part of the rows, and the run that is tested on it after training on other rows.",
    PREDICTION: "Of a row by the run that neither trained on it nor chose its best epoch by it.",
    "pooled": "Computed over all out-of-fold predictions of a repetition at once, not fold by fold.",
}


def is_kfold(group: ReportGroup) -> bool:
    return group.record.get("command") == "kfold"


def fold_sections(group: ReportGroup, page: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that are new or different.

    Args:
        group: of `gdrun kfold`.
        page: as it would be for seeds.
    """
    fold = section(group.config, "split", "fold")
    of = as_int(group.summary.get("folds")) or as_int(fold.get("of")) or 0
    repeats = as_int(group.summary.get("repeats")) or (len(group.record.get("plan") or ()) // of if of else 1)
    strategy = str(group.summary.get("strategy") or fold.get("strategy") or "auto")
    pooled = section(group.summary, "pooled")
    predictions = _predictions(group)
    again = f" --repeats {repeats}" if repeats > 1 else ""
    return {
        "tiles": [
            *page["tiles"][:-1],
            *((f"pooled {name.replace('_', ' ')}", figure(pooled[name]), "") for name in list(pooled)[:1]),
            ("folds", figure(of), f"{repeats} repetitions" if repeats > 1 else strategy),
        ],
        "statistics": _with_pooled(group, page["statistics"], pooled),
        "reproduce": f"gdrun kfold config.yaml{f' --folds {of}' if of else ''}{again} --strategy {strategy}",
        "how": _how(group, of, repeats, strategy),
        "terms": _TERMS | dict(page["terms"]),
        "predictions": predictions.charts,
        "prediction_facts": predictions.facts or {},
        "confusion": predictions.confusion,
    }


def _with_pooled(group: ReportGroup, table: Mapping[str, Any], pooled: Mapping[str, Any]) -> dict[str, Any]:
    if not pooled:
        return dict(table)
    rows = []
    for name, (label, cells) in zip(section(group.summary, "metrics"), table["rows"], strict=True):
        value = pooled.get(name.removeprefix("test_")) if name.startswith("test_") else None
        rows.append((label, [*cells, ("" if value is None else figure(value), value)]))
    return {"columns": [*table["columns"], "pooled"], "rows": rows}


def _how(group: ReportGroup, of: int, repeats: int, strategy: str) -> list[str]:
    """A few sentences: the folds, what happens inside them, the interval."""
    made = _MADE.get(strategy, "The rows were dealt out to {of} folds.").format(of=figure(of))
    if repeats > 1:
        made += f" This was done {repeats} times, each time anew and with another seed for the weights."
    counts: dict[str, list[int]] = {}
    for run in group.members.values():
        for part, rows in section(run.record, "data", "rows_by_part").items():
            counts.setdefault(str(part), []).append(as_int(rows) or 0)
    sizes = {part: _between(min(rows), max(rows)) for part, rows in counts.items() if any(rows)}
    inside = "Preprocessing, validation rows and the best epoch were chosen inside a fold's training rows."
    if sizes:
        said = ", ".join(
            f"{rows} {'training' if part == 'train' else part} rows" for part, rows in sizes.items()
        )
        inside = f"A fold has {said}. {inside}"
    if of < 2:
        return [inside]
    runs = f"1/{of * repeats}"
    interval = (
        "The interval is that of the corrected resampled t. Any two folds share most of their training rows, "
        "so their results vary together; the variance of the mean is therefore taken as "
        f"{runs} + 1/{of - 1} times that of a fold, not {runs} times."
    )
    return [made, inside, interval]


def _between(low: int, high: int) -> str:
    return figure(low) if low == high else f"{figure(low)} to {figure(high)}"


def _predictions(group: ReportGroup) -> Outcome:
    """The confusion matrix of the summary, or predicted against true; nothing where there is neither."""
    confusion = section(group.summary, "confusion")
    if not confusion:
        return regression(group.predictions, PREDICTION)
    try:
        classes = [str(label) for label in confusion["classes"]]
        counts = {
            (target, predicted): int(number)
            for target, line in zip(classes, confusion["counts"], strict=True)
            for predicted, number in zip(classes, line, strict=True)
            if number
        }
    except (KeyError, TypeError, ValueError):
        return Outcome()
    return confusion_of(counts, classes, PREDICTION)
