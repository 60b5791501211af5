"""What came of a group in a few words, as `gdrun runs list` has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from compare_samples import Design, write_comparison

from gdrun.report.console.run_result import result_in_words, summary_in_words
from gdrun.run_directory.store import load


def test_a_comparison_has_who_is_first_and_how_many_cannot_be_told_apart(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run")
    (problem,) = json.loads((run / "summary.json").read_text())["problems"]
    untold = [
        pair for pair in problem["pairs"] if problem["ranking"][0] in pair.values() and not pair["better"]
    ]
    assert result_in_words(load(run)) == f"{problem['ranking'][0]} first, {len(untold)} tied"
    assert untold


def test_one_without_any_result_has_none(tmp_path: Path) -> None:
    run = write_comparison(tmp_path / "run", Design(contestants={"sgd": "broken"}))
    assert result_in_words(load(run)) == "–"


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ({"problems": [{}, {}]}, "2 problems"),
        ({"points": [], "best": None, "monitor": "val_loss"}, "–"),
        (
            {
                "points": [{"metrics": {}}, {"metrics": {"val_loss": {"mean": 0.25}}}],
                "best": 1,
                "monitor": "val_loss",
            },
            "val_loss 0.2500, best of 2",
        ),
        ({"metrics": {"value": {"median": 0.5}}}, "value 0.5000 (median)"),
        (
            {
                "metrics": {
                    "test_loss": {"mean": 0.5, "std": 0.1},
                    "test_accuracy": {"mean": 0.9, "std": 0.01},
                }
            },
            "accuracy 0.9000 ± 0.01",
        ),
        ({"metrics": {"val_loss": {"mean": 0.5, "std": 0.125}}}, "loss 0.5000 ± 0.12 (validation)"),
        ({}, "–"),
        (None, "–"),
    ],
)
def test_other_groups(summary: dict[str, Any] | None, words: str) -> None:
    assert (summary_in_words(summary) if summary is not None else result_in_words(None)) == words
