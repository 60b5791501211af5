"""One run or group with all that is known of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from gdrun.report.console.comparison import show_comparison
from gdrun.report.console.descents import descent_table
from gdrun.report.console.folds import show_folds_summary
from gdrun.report.console.layout import show_definitions, show_paragraph
from gdrun.report.console.numbers import duration
from gdrun.report.console.points import show_points
from gdrun.report.console.screen import Screen
from gdrun.report.console.tables import group_table, members_table, result_table, status_text
from gdrun.run_directory.json_files import to_json
from gdrun.run_directory.store import Group, Run
from gdrun.text import printable

_KEY = re.compile(r"^(\s*(?:- )?[\w.-]+:)(.*)$")
_MOST_MEMBERS = 40


def details_document(saved: Run | Group) -> dict[str, Any]:
    """The record with its path, its config, and for a group the summary and a row a member."""
    document = {"path": str(saved.path), **saved.record, "status": saved.status, "config": saved.config}
    if isinstance(saved, Group):
        document |= {"summary": saved.summary, "results": _rows(saved)}
    strict: dict[str, Any] = json.loads(to_json(document)[0])  # without NaN, which CSV files have for nothing
    return strict


def show_details(screen: Screen, saved: Run | Group) -> None:
    """Identity, result, timing, config, environment."""
    record = saved.record
    screen.show(Text(_safe(record.get("id") or saved.id), "name"))
    _show_facts(screen, _facts(saved))
    if isinstance(saved, Group):
        _show_group(screen, saved)
    elif saved.result.get("train"):
        _heading(screen, "Result", f"weights of epoch {saved.result.get('best_epoch')}")
        screen.show(result_table(record))
    elif saved.result.get("point"):
        _heading(screen, "Result")
        screen.show(descent_table(record))
    _heading(screen, "Config", _safe(saved.path / "config.yaml"))
    for line in saved.config_text.rstrip("\n").splitlines():
        show_paragraph(screen, _config_line(printable(line)), hang=4)
    if environment := record.get("environment"):
        _heading(screen, "Environment")
        _show_facts(screen, ((key, _value(value)) for key, value in environment.items()))
    screen.show(Text())
    is_open = saved.status == "interrupted"
    command = f"gdrun resume {saved.path}" if is_open else f"gdrun report {saved.path}"
    screen.show(Text.assemble(("next  ", "faint"), (command, "command")))


def _facts(saved: Run | Group) -> Iterable[tuple[str, Text | str]]:
    record = saved.record
    timing, data = record.get("timing") or {}, record.get("data") or {}
    status = status_text(saved.status)
    if saved.reason:
        status = status + Text(f" ({_safe(saved.reason)})", style="")
    yield "status", status
    yield "command", f"gdrun {record.get('command')}"
    yield "created", _time(record.get("created"))
    if record.get("finished"):
        yield "finished", _time(record["finished"])
    if data:
        counts = data.get("rows_by_part") or {}
        split = " · ".join(f"{count:,} {part}" for part, count in counts.items() if count)
        rows = f"{data.get('rows') or 0:,} rows" + (f" ({split})" if split else "")
        yield "data", _safe(f"{data.get('dataset', '')}, {rows}, {data.get('features')} features")
    if record.get("parameters") is not None:
        yield "parameters", f"{record['parameters']:,}"
    if record.get("seed") is not None:
        yield "seed", str(record["seed"])
    if timing.get("total") is not None:
        spent = [
            f"{name} {duration(timing[name])}"
            for name in ("setup", "training", "evaluation")
            if name in timing
        ]
        yield "time", duration(timing["total"]) + (f" ({', '.join(spent)})" if spent else "")
    if timing.get("steps"):
        rate = timing.get("steps_per_second")
        yield "updates", f"{timing['steps']:,}" + (f", {rate:,.0f}/s" if rate else "")
    if saved.report.is_file():
        yield "report", _safe(saved.report)


def _show_group(screen: Screen, group: Group) -> None:
    if metrics := group.summary.get("metrics"):
        _heading(screen, "Summary", _over(group.summary))
        if group.record.get("command") == "kfold":
            show_folds_summary(screen, group.summary)
        else:
            screen.show(group_table(metrics))
    elif group.summary.get("problems"):
        _heading(screen, "Summary", _over(group.summary))
        show_comparison(screen, group)
    elif group.summary.get("points"):
        _heading(screen, "Summary", _over(group.summary))
        show_points(screen, group)
    rows = _rows(group)
    if rows:
        _heading(screen, "Members", f"{len(rows)} of {len(group.plan)}")
        screen.show(members_table([_short(row) for row in rows[:_MOST_MEMBERS]]))
        if len(rows) > _MOST_MEMBERS:
            screen.show(
                Text(f"… and {len(rows) - _MOST_MEMBERS} more in {group.path / 'results.csv'}", "faint")
            )


def _over(summary: Mapping[str, Any]) -> str:
    if not summary.get("folds"):
        return f"over {summary.get('runs')} runs"
    repeats = f", {summary['repeats']} times" if summary.get("repeats", 1) > 1 else ""
    return f"over {summary['folds']} {summary.get('strategy')} folds{repeats}"


def _rows(group: Group) -> list[dict[str, Any]]:
    """A row a member: from results.csv, or before that is written from what the members say."""
    if columns := group.results:
        values = {name: column.tolist() for name, column in columns.items()}
        return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    return [{"run": name, "status": run.status, **_flat(run.result)} for name, run in group.members.items()]


def _flat(result: Mapping[str, Any]) -> dict[str, Any]:
    parts = {"train": "train", "validation": "val", "test": "test"}
    return {
        f"{short}_{name}": value
        for part, short in parts.items()
        for name, value in (result.get(part) or {}).items()
    }


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row fits into a line: not the parts before the test, where there is one."""
    if "gradient_norm" in row:
        shown_here = ("run", "status", "best_step", "value", "gradient_norm", "distance")
        return {name: row[name] for name in shown_here if row.get(name) is not None}
    tested = any(name.startswith("test_") for name in row)
    shown = ("test_",) if tested else ("val_", "train_")
    kept = {name: value for name, value in row.items() if name.startswith(shown)}
    extra = {name: row[name] for name in ("best_epoch",) if row.get(name) is not None}
    return {"run": row["run"], "status": row["status"], **extra, **kept}


def _heading(screen: Screen, title: str, more: str = "") -> None:
    screen.show(Text())
    screen.show(Text.assemble((title, "name"), (f"  {more}" if more else "", "faint")))


def _show_facts(screen: Screen, facts: Iterable[tuple[str, Text | str]]) -> None:
    show_definitions(
        screen,
        ((Text(key, "faint"), Text(said) if isinstance(said, str) else said) for key, said in facts),
    )


def _config_line(line: str) -> Text:
    match = _KEY.match(line)
    if not match:
        return Text(f"  {line}")
    return Text.assemble("  ", (match[1], "number"), match[2])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _safe(", ".join(f"{key} {_value(item)}" for key, item in value.items()))
    return _safe(value) if value is not None else "–"


def _time(moment: Any) -> str:
    """A moment in the files' form without the fraction and with a blank."""
    return _safe(re.sub(r"\.\d+", "", str(moment)).replace("T", " "))


def _safe(text: object) -> str:
    return printable(text, one_line=True)
