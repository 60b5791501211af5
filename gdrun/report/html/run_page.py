"""The sections of a run's report, as plain data for the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gdrun.report.html.curves import Chart, Line, curves, is_unbounded
from gdrun.report.html.learning import learning_section
from gdrun.report.html.outcome import outcome
from gdrun.report.html.source import Columns, ReportRun, section
from gdrun.report.html.words import (
    PARTS,
    STATUSES,
    as_float,
    as_int,
    column_words,
    component_name,
    count,
    duration,
    figure,
    heading,
    terms,
)
from gdrun.run_directory.directory import GOOD

RESULTS = {"train": "training", "validation": "validation", "test": "test"}
DURATIONS = {"setup", "training", "evaluation", "total"}
UNREADABLE = "learning.npz isn't as gdrun writes it, so its pictures are left out."
TABLE_ROWS = 24  # of the curves, for reading without charts


def run_page(run: ReportRun) -> dict[str, Any]:
    """Everything that templates/run.html.jinja shows."""
    record = run.record
    names = metric_names(run.metrics, section(record, "result"))
    best = as_int(section(record, "result").get("best_epoch"))
    predictions = outcome(run)
    learned = learning_section(run)
    return {
        "title": str(record.get("name") or run.name),
        "kind": "run",
        "status": str(record.get("status") or "unknown"),
        "headline": headline(run),
        "facts": setting(run.config, record.get("seed")),
        "notes": [*run.notes, *([UNREADABLE] if learned["unreadable"] else [])],
        "tiles": tiles(run, names),
        "result": result_table(section(record, "result"), names),
        "best": "" if best is None else figure(best),
        "charts": run_charts(run.metrics, best),
        "one_evaluation": rows_of(run.metrics) == 1,
        "history": history(run.metrics, best),
        "predictions": predictions.charts,
        "prediction_facts": predictions.facts or {},
        "confusion": predictions.confusion,
        "learned": learned,
        "layers": learned["layers"],
        "config": run.config_text,
        "reproduce": "gdrun train config.yaml",
        "terms": terms(run.config, names),
        "details": details(run.name, record),
    }


def headline(run: ReportRun) -> str:
    """How the run ended, in a sentence or two."""
    record = run.record
    status = str(record.get("status") or "unknown")
    epoch = last_epoch(run.metrics)
    words = STATUSES.get(status, f"Status {status}")
    if epoch is not None:
        planned = as_int(run.config.get("epochs"))
        done = count(epoch, "epoch")
        if planned is not None and planned > epoch and status != "completed":
            done = f"{figure(epoch)} of {count(planned, 'epoch')}"
        words += f" after {done}" if status in GOOD else f". It came to {done}"
        total = section(record, "timing").get("total")
        words += f", in {duration(total)}" if as_float(total) is not None else ""
    reason = str(record.get("reason") or "").strip().removesuffix(".")
    return f"{words}. Reason: {reason}." if reason else f"{words}."


def setting(config: Mapping[str, Any], seed: Any) -> list[tuple[str, str]]:
    """What was run, in the config's own words: dataset, model, optimizer, …"""
    facts = []
    for key in ("dataset", "model", "optimizer", "averaging", "schedule"):
        value = config.get(key)
        name = component_name(value)
        if name and isinstance(value, Mapping):
            for rate in ("learning_rate", "step_size"):
                if key == "optimizer" and as_float(value.get(rate)) is not None:
                    name += f", {rate} {value[rate]:g}"
            if key == "model" and isinstance(value.get("hidden"), list):
                name += f" {value['hidden']}"
        if name:
            facts.append((key, name))
    facts += [(key, str(config[key])) for key in ("batch_size", "dtype") if config.get(key) is not None]
    return facts + ([("seed", str(seed))] if seed is not None else [])


def around_optimizer(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What stands around the optimizer, key by key: ("averaging", "ema, decay 0.9, start_epoch 0")."""
    facts = []
    for key in ("gradient_clipping", "lookahead", "averaging", "gradient_noise"):
        if options := section(config, key):
            said = [component_name(options)] * ("name" in options)
            numbers = {name: as_float(value) for name, value in options.items()}
            said += [f"{name} {number:g}" for name, number in numbers.items() if number is not None]
            facts.append((key, ", ".join(said)))
    return facts


def metric_names(metrics: Columns, result: Mapping[str, Any]) -> list[str]:
    """The metrics in the order of the columns, loss not among them."""
    found = [name for part in ("test", "validation", "train") for name in section(result, part)]
    for column in metrics:
        part, _, name = column.partition("_")
        if part in ("train", "val") and name:
            found.append(name)
    return [name for name in dict.fromkeys(map(str, found)) if name != "loss"]


def tiles(run: ReportRun, names: Sequence[str]) -> list[tuple[str, str, str]]:
    """(label, value, a line below) of the figures that matter most."""
    record = run.record
    result, timing = section(record, "result"), section(record, "timing")
    part = next((part for part in ("test", "validation", "train") if section(result, part)), None)
    shown = []
    if part:
        values = section(result, part)
        for name in [*names[:1], "loss"]:
            if name in values:
                below = section(result, "validation").get(name) if part == "test" else None
                words = f"validation {figure(below)}" if below is not None else ""
                shown.append((f"{RESULTS[part]} {name.replace('_', ' ')}", figure(values[name]), words))
    epoch, best = last_epoch(run.metrics), as_int(result.get("best_epoch"))
    if best is not None:
        shown.append(("best epoch", figure(best), f"of {figure(epoch)}" if epoch is not None else ""))
    if as_float(timing.get("training")) is not None:
        speed = as_float(timing.get("steps_per_second"))
        below = f"{figure(round(speed))} steps/s" if speed else ""
        shown.append(("training time", duration(timing["training"]), below))
    if as_int(record.get("parameters")) is not None:
        shown.append(("parameters", figure(as_int(record["parameters"])), "fitted numbers"))
    return shown


def result_table(result: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Loss and metrics on the training, validation and test rows at the best epoch."""
    columns = ["loss", *names]
    rows = [
        (words, [(figure(values.get(name)), values.get(name)) for name in columns])
        for part, words in RESULTS.items()
        if (values := section(result, part))
    ]
    return {"columns": [name.replace("_", " ") for name in columns], "rows": rows}


def rows_of(metrics: Columns) -> int:
    return len(metrics.get("epoch", ()))


def last_epoch(metrics: Columns) -> int | None:
    epochs = metrics.get("epoch", ())
    return as_int(epochs[-1]) if len(epochs) else None


def run_charts(metrics: Columns, best: int | None) -> list[Chart]:
    """Loss, every metric, the learning rate by step, the gradient norm, and what else was recorded."""
    rows = rows_of(metrics)
    if rows < 2:
        return []
    epochs = Line.of("epoch", "other", metrics["epoch"], rows)
    steps = Line.of("step", "other", metrics.get("step"), rows)
    charts: list[Chart | None] = []
    for name in ("loss", *metric_names(metrics, {})):
        lines = parts_of(metrics, name, rows)
        if lines:
            charts.append(
                curves(
                    heading(name),
                    epochs,
                    lines,
                    beside=[steps],
                    best=best,
                    logarithmic=name == "loss" or is_unbounded(lines),
                )
            )
    rate = Line.of("learning rate", "other", metrics.get("learning_rate"), rows)
    if not rate.is_empty:
        across, beside = (epochs, steps) if steps.is_empty else (steps, epochs)
        charts.append(curves("Learning rate", across, [rate], beside=[beside], logarithmic=True, steep=False))
    for column in metrics:
        part = column.partition("_")[0]
        if column not in ("epoch", "step", "learning_rate", "seconds") and part not in ("train", "val"):
            line = Line.of(column.replace("_", " "), "other", metrics[column], rows)
            if not line.is_empty:
                charts.append(curves(heading(column), epochs, [line], beside=[steps], logarithmic=True))
    return [chart for chart in charts if chart]


def parts_of(metrics: Columns, name: str, rows: int) -> list[Line]:
    """The lines of one metric: training and validation, those with a value."""
    lines = [Line.of(PARTS[part], part, metrics.get(f"{part}_{name}"), rows) for part in ("train", "val")]
    return [line for line in lines if not line.is_empty]


def history(metrics: Columns, best: int | None, across: str = "epoch") -> dict[str, Any]:
    """Some rows of metrics.csv, evenly spread, with the first, the best and the last."""
    rows = len(metrics.get(across, ()))
    columns = [column for column in metrics if any(cell not in (None, "") for cell in metrics[column])]
    if rows == 0:
        return {"columns": [], "rows": [], "of": 0}
    step = max(1, -(-rows // TABLE_ROWS))
    chosen = {*range(0, rows, step), rows - 1}
    chosen |= {row for row in range(rows) if best is not None and as_int(metrics[across][row]) == best}
    table = [
        (as_int(metrics[across][row]) == best, [cell(metrics[column], row) for column in columns])
        for row in sorted(chosen)
    ]
    return {"columns": list(map(column_words, columns)), "rows": table, "of": rows}


def cell(column: Sequence[Any], row: int) -> tuple[str, Any]:
    value = column[row] if row < len(column) else None
    number = as_float(value)
    if number is not None and number.is_integer():
        value = int(number)
    return ("" if value in (None, "") else figure(value), value)


def details(name: str, record: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(title, rows) of the tables on where and when the run took place."""
    identity = {"directory": name} | {
        key: record[key]
        for key in ("id", "command", "created", "finished", "seed", "fold", "parameters", "schema_version")
        if record.get(key) is not None
    }
    timing = {
        key: duration(value) if key in DURATIONS else value
        for key, value in section(record, "timing").items()
    }
    tables: list[tuple[str, Mapping[str, Any]]] = [
        ("Run", identity),
        ("Data", section(record, "data")),
        ("Timing", timing),
        ("Environment", section(record, "environment")),
    ]
    return [(title, list(pairs(table))) for title, table in tables if table]


def pairs(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Every value with its key in words, nested ones as `blas threads`; what is empty is left out."""
    for key, value in table.items():
        words = f"{above} {key}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from pairs(value, words)
        elif isinstance(value, list) and any(isinstance(entry, Mapping | list) for entry in value):
            yield words, f"{figure(len(value))} (listed in the run's JSON file)"
        elif isinstance(value, list):
            shown = ", ".join(map(str, value[:20]))
            if value:
                yield words, shown + (f", … ({figure(len(value))} in all)" if len(value) > 20 else "")
        elif isinstance(value, int | float) and not isinstance(value, bool) and key != "seed":
            yield words, figure(value)
        elif value is not None and value != "":
            yield words, str(value)
