"""What the predictions on the test rows look like: a confusion matrix, or predicted against true."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdrun.report.html.curves import Chart, Values, plain
from gdrun.report.html.source import Columns, ReportRun, section
from gdrun.report.html.words import as_float, as_floats, count, figure

MOST_CLASSES = 20
MOST_POINTS = 1500
PROBABILITY = "probability_"


@dataclass(frozen=True)
class ConfusionTable:
    """The matrix as numbers: rows are the true classes, columns the predicted ones.

    Args:
        classes: the labels shown.
        counts: [true][predicted].
        totals: test rows of each class, those outside the shown columns included.
    """

    classes: Sequence[str]
    counts: Sequence[Sequence[int]]
    totals: Sequence[int]


@dataclass(frozen=True)
class Outcome:
    """The charts on the predictions, the matrix behind them and a few figures in words."""

    charts: Sequence[Chart] = ()
    confusion: ConfusionTable | None = None
    facts: Mapping[str, str] | None = None


def is_classification(run: ReportRun) -> bool:
    """Whether the target is a class: said by run.json, or by the columns of the predictions."""
    return bool(section(run.record, "data").get("classes")) or any(
        column.startswith(PROBABILITY) for column in run.predictions
    )


def outcome(run: ReportRun) -> Outcome:
    """What can be said of the predictions of a run; nothing where there are none."""
    if is_classification(run) and target_columns(run.predictions):
        return confusion(run.predictions)
    return regression(run.predictions)


def regression(predictions: Columns, noun: str = "test row") -> Outcome:
    """Predicted against true for the first few outputs; `noun` is what a row of the columns is called."""
    charts: list[Chart] = []
    facts: dict[str, str] = {}
    for words, target, prediction in target_columns(predictions)[:4]:
        drawn, said = residuals(
            predictions[target], predictions[prediction], predictions.get("row", ()), words, noun
        )
        charts += drawn
        facts |= said
    return Outcome(charts, None, facts or None)


def target_columns(predictions: Columns) -> list[tuple[str, str, str]]:
    """(what to call it, target column, prediction column) of every output with at least one row."""
    pairs = []
    for column in predictions:
        if column == "target" or column.startswith("target_"):
            ending = column.removeprefix("target")
            prediction = "prediction" + ending
            if prediction in predictions and len(predictions[column]):
                pairs.append((ending.removeprefix("_"), column, prediction))
    return pairs


def confusion(predictions: Columns) -> Outcome:
    """The confusion matrix of the rows of predictions.csv."""
    counts = Counter(zip(map(str, predictions["target"]), map(str, predictions["prediction"]), strict=False))
    classes = [column.removeprefix(PROBABILITY) for column in predictions if column.startswith(PROBABILITY)]
    return confusion_of(counts, classes)


def confusion_of(
    counts: Mapping[tuple[str, str], int], classes: Sequence[str], noun: str = "test row"
) -> Outcome:
    """The confusion matrix as a heat map; of many classes those with the most errors.

    Args:
        counts: (true, predicted) → how many rows.
        classes: in the order to show; those that only `counts` has come after them.
        noun: what a row is called.
    """
    totals: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for (target, predicted), number in counts.items():
        totals[target] += number
        if target != predicted:
            errors[target] += number
            errors[predicted] += number
    known = set(classes)
    classes = [*classes, *sorted({label for pair in counts for label in pair} - known, key=natural)]
    shown = classes
    if len(classes) > MOST_CLASSES:
        worst = set(sorted(classes, key=lambda label: -errors[label])[:MOST_CLASSES])
        shown = [label for label in classes if label in worst]
    matrix = [[counts.get((target, predicted), 0) for predicted in shown] for target in shown]
    table = ConfusionTable(shown, matrix, [totals[label] for label in shown])
    rows = sum(totals.values())
    right = sum(counts.get((label, label), 0) for label in classes)
    caption = "Each row is a true class; the percentages are shares of that row."
    if len(shown) < len(classes):
        caption = (
            f"The {len(shown)} of {figure(len(classes))} classes with the most errors. Each row is a true "
            f"class; the percentages are shares of all its {noun}s, also of those that went to a class not "
            "shown."
        )
    drawing = {
        "kind": "confusion",
        "classes": shown,
        "totals": table.totals,
        "cells": [[i, j, number] for i, row in enumerate(matrix) for j, number in enumerate(row) if number],
    }
    words = f"Confusion matrix of {count(rows, noun)}: {figure(right)} right, {figure(rows - right)} wrong."
    facts = {"right": f"{figure(right)} of {count(rows, noun)} ({100 * right / rows:.1f} %)" if rows else "–"}
    return Outcome([Chart("Confusion matrix", words, caption, drawing, wide=True)], table, facts)


def natural(label: str) -> tuple[int, float, str]:
    """Numbers in their order, before words in theirs."""
    number = as_float(label)
    return (1, 0.0, label) if number is None or math.isnan(number) else (0, number, label)


def residuals(
    targets: Sequence[Any],
    predictions: Sequence[Any],
    row_names: Sequence[Any],
    output: str,
    noun: str = "test row",
) -> tuple[list[Chart], dict[str, str]]:
    """Predicted against true with the identity line, and a histogram of the residuals."""
    rows = min(len(targets), len(predictions))
    true, predicted = (as_floats(column[:rows]) for column in (targets, predictions))
    finite = np.isfinite(true) & np.isfinite(predicted)
    lost = rows - int(finite.sum())
    names = [
        str(row_names[row]) if row < len(row_names) else str(row) for row in np.flatnonzero(finite).tolist()
    ]
    true, predicted = true[finite], predicted[finite]
    of = f" of {output}" if output else ""
    notes = [f"{count(lost, 'row')} without a finite prediction left out."] if lost else []
    if not len(true):
        return [], {f"residual{of}": f"no finite prediction on {count(rows, noun)}"}
    every = -(-len(true) // MOST_POINTS)
    seen = notes + ([f"Every {every}th of {count(len(true), noun)} drawn."] if every > 1 else [])
    with np.errstate(over="ignore"):
        residual = predicted - true
        middle, root = float(residual.mean()), float(np.sqrt(np.mean(residual**2)))
    scatter = {
        "kind": "scatter",
        "true": plain(true[::every]),
        "predicted": plain(predicted[::every]),
        "row": names[::every],
    }
    rows_seen = count(len(true), noun)
    words = f"Predicted against true{of} on {rows_seen}, {figure(root)} apart (root mean square)."
    charts = [
        Chart(
            f"Predicted against true{of}",
            words,
            " ".join(["On the dashed line a prediction is right. In the target's own unit.", *seen]),
            scatter,
        ),
        Chart(
            f"Residuals{of}",
            f"Histogram of predicted minus true{of}: mean {figure(middle)}, root mean square {figure(root)}.",
            " ".join([f"Predicted minus true, over all {noun}s.", *notes]),
            {"kind": "histogram", "label": "predicted − true", "bins": bins(residual)},
        ),
    ]
    facts = {
        f"residual{of}": f"mean {figure(middle)}, root mean square {figure(root)}, "
        f"largest {figure(float(np.abs(residual).max()))}"
    }
    return charts, facts


def bins(values: Values) -> list[tuple[float, float, int]]:
    """(from, to, rows) of a histogram whose edges are round numbers; about √rows bins, 40 at most."""
    low, high = float(values.min()), float(values.max())
    wanted = (high - low) / min(40, max(10, math.sqrt(len(values))))
    if wanted <= 0 or not math.isfinite(wanted):
        return [(low - 0.5, high + 0.5, len(values))]
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= wanted * 0.8)
    first = math.floor(low / step)
    places = np.floor(values / step).astype(np.int64) - first
    numbers = np.bincount(places)
    edge = [float(f"{(first + place) * step:.12g}") for place in range(len(numbers) + 1)]
    return [(edge[place], edge[place + 1], int(number)) for place, number in enumerate(numbers)]
