"""Texts of a data file that steer a terminal or start a formula: printed and written without effect."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from cli_commands import Answer, gdrun, the_run
from payloads import PAYLOADS

from gdrun import text
from gdrun.run_directory import tables

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
NUMBER = re.compile(r"-?[0-9.]+(e[+-]?[0-9]+)?|-?inf|nan")
CLASSES = [
    "=HYPERLINK(0)",
    "+1+1",
    "-1-1",
    "@SUM(A1)",
    "\x1b[2J\x1b[31m",
    "\x1b]0;title\x07",
    "\u202etxt.exe",
]
COLUMNS = ["=cmd|' /C calc'!A0", "\x1b[8m", "-2+3"]


def table(folder: Path, classes: Sequence[str]) -> Path:
    """A data file and its config, with such texts for all classes and columns."""
    with (folder / "d.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "@kind"])
        writer.writerows(
            [row % 7, row % 5, row % 3, classes[row % len(classes)]] for row in range(20 * len(classes))
        )
    (folder / "c.yaml").write_text(
        "name: c\ndataset: {name: csv, path: d.csv}\nepochs: 1\nmetrics: [accuracy, recall]\n"
    )
    return folder / "c.yaml"


def everything(folder: Path, classes: Sequence[str] = CLASSES) -> tuple[str, list[Path]]:
    """All that commands print about such a file, errors too, and all CSV files that they write."""
    config, runs = table(folder, classes), folder / "runs"
    said: list[Answer] = [
        gdrun("train", config, "--runs-dir", runs),
        gdrun("kfold", config, "--folds", 3, "--runs-dir", runs, "--name", "folds"),
        gdrun("train", config, "dataset.target=\x1b[2J", "--runs-dir", runs),
        gdrun("train", config, "dataset.drop=[@kind, '\u202e']", "--runs-dir", runs),
        gdrun("train", config, "dataset.columns={@kind: number}", "--runs-dir", runs),
        gdrun("validate", config, folder / "\x1b[2Jno.yaml"),
    ]
    run = the_run(runs, "c")
    said += [
        gdrun("evaluate", run),
        gdrun("predict", run, folder / "d.csv", "-o", folder / "predicted.csv"),
        gdrun("predict", run, folder / "\x1b[2J.csv"),
        gdrun("runs", "show", run),
        gdrun("runs", "list", "--runs-dir", runs),
        gdrun("report", run),
    ]
    assert [answer.code for answer in said[:2] + said[6:8]] == [0, 0, 0, 0], said
    assert all(answer.code in (2, 3) for answer in [*said[2:6], said[8]]), said
    return "".join(answer.out + answer.err for answer in said), sorted(folder.rglob("*.csv"))


def formulas(files: list[Path]) -> list[str]:
    """The cells that a spreadsheet would take for a formula."""
    cells = [
        cell
        for path in files
        if path.name != "d.csv"
        for row in csv.reader(io.StringIO(path.read_text(), newline=""))
        for cell in row
    ]
    assert any("HYPERLINK" in cell for cell in cells)
    return [cell for cell in cells if FORMULA.match(cell) and not NUMBER.fullmatch(cell)]


def test_nothing_that_is_printed_or_written_has_an_effect(tmp_path: Path) -> None:
    said, files = everything(tmp_path)
    assert CONTROL.findall(said) == []
    assert {"metrics.csv", "predictions.csv", "results.csv", "predicted.csv"} <= {path.name for path in files}
    assert formulas(files) == []


@pytest.mark.slow
def test_nothing_of_a_hundred_payloads_has_an_effect(tmp_path: Path) -> None:
    classes = [payload for payload in PAYLOADS if "\0" not in payload]  # a CSV file cannot hold it
    said, files = everything(tmp_path, classes)
    assert CONTROL.findall(said) == []
    assert formulas(files) == []
    print(f"{len(classes)} payloads through 12 commands, {len(files)} CSV files")


def test_without_its_guard_a_formula_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "guarded", lambda text: text)
    _, files = everything(tmp_path)
    assert {cell for cell in formulas(files) if "HYPERLINK" in cell}


def test_without_its_guard_a_control_character_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "_UNSAFE", set())
    monkeypatch.setattr(text, "_written", str)
    said, _ = everything(tmp_path)
    assert "\x1b" in said
