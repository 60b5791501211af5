"""Groups of very many runs: what their report leaves out, that it says so, and what it never leaves out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_html_page import Page, parsed
from report_samples import curves, write_group

from gdrun.report.html import directory, large_groups, write_report
from gdrun.report.html.large_groups import MOST_DOTS, MOST_REPORTS


def links(page: Page) -> list[str]:
    return [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]


def loss_of(page: Page) -> dict[str, Any]:
    charts = json.loads(page.data[0])
    return next(chart for chart in charts if chart["kind"] == "seeds" and chart["label"] == "Loss")


@pytest.mark.parametrize(("seeds", "reports"), [(MOST_REPORTS, MOST_REPORTS), (MOST_REPORTS + 1, 0)])
def test_members_of_a_large_group_get_no_reports(tmp_path: Path, seeds: int, reports: int) -> None:
    group = write_group(tmp_path / "group", seeds, 3)
    page = parsed(write_report(group))
    assert len(links(page)) == len(list(group.glob("members/*/report.html"))) == reports
    assert ("gdrun report group/seed-0" in page.text) == (reports == 0)


def test_a_report_that_was_asked_for_is_linked(tmp_path: Path) -> None:
    group = write_group(tmp_path / "group", MOST_REPORTS + 5, 3)
    assert "Stopped early" in parsed(write_report(group / "members" / "seed-7")).text
    assert links(parsed(write_report(group))) == ["members/seed-7/report.html"]


def test_curves_of_some_stand_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (directory, large_groups):
        monkeypatch.setattr(module, "MOST_MEMBERS", 4)
    page = parsed(write_report(write_group(tmp_path / "group", 10, 6)))
    training = loss_of(page)["sets"][0]
    assert [curve["seed"] for curve in training["curves"]] == ["0", "3", "6", "9"]
    median = np.median([curves(6, seed)["train_loss"][2] for seed in (0, 3, 6, 9)])
    assert training["median"][training["x"].index(2)] == pytest.approx(median, rel=1e-6)
    assert "They are drawn from 4 of 10 seeds, evenly spread." in page.text
    assert "10 seeds trained" in page.text


def test_all_curves_are_drawn_where_they_are_few(tmp_path: Path) -> None:
    page = parsed(write_report(write_group(tmp_path / "group", 10, 6)))
    assert len(loss_of(page)["sets"][0]["curves"]) == 10
    assert "drawn from" not in page.text


def test_the_table_ends_where_it_would_be_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = write_group(tmp_path / "group", 10, 3)
    whole = parsed(write_report(group))
    monkeypatch.setattr("gdrun.report.html.group_page.MOST_ROWS", 4)
    monkeypatch.setattr(large_groups, "MOST_ROWS", 4)
    page = parsed(write_report(group))
    assert whole.tags.count("tr") - page.tags.count("tr") == 6
    assert "The first 4 of 10; all are in results.csv." in page.text


def test_every_bad_end_is_told_whichever_curves_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (directory, large_groups):
        monkeypatch.setattr(module, "MOST_MEMBERS", 2)
        monkeypatch.setattr(module, "MOST_REASONS", 2)
    group = write_group(tmp_path / "group", 10, 6, diverged=[2, 5, 7, 8])
    text = " ".join(parsed(write_report(group)).text.split())
    for seed in (2, 5):
        assert f"seed-{seed} diverged: train_loss is not finite at epoch 4" in text
    assert "2 more" in text


def test_bad_ends_are_told_before_there_are_results(tmp_path: Path) -> None:
    group = write_group(tmp_path / "group", 3, 6, diverged=[1])
    (group / "results.csv").unlink()
    text = " ".join(parsed(write_report(group)).text.split())
    assert "seed-1 diverged: train_loss is not finite at epoch 4" in text


def test_a_damaged_member_hides_no_other(tmp_path: Path) -> None:
    group = write_group(tmp_path / "group", 3, 6)
    (group / "members" / "seed-1" / "run.json").write_text("{")
    page = parsed(write_report(group, members=False))
    assert [curve["seed"] for curve in loss_of(page)["sets"][0]["curves"]] == ["0", "2"]
    assert "seed-1/run.json" in page.text


@pytest.mark.parametrize(("seeds", "binned"), [(MOST_DOTS, False), (MOST_DOTS + 1, True)])
def test_many_results_are_drawn_as_bars(tmp_path: Path, seeds: int, binned: bool) -> None:
    page = parsed(write_report(write_group(tmp_path / "group", seeds, 3, diverged=[7])))
    spread = next(chart for chart in json.loads(page.data[0]) if chart["kind"] == "spread")
    assert sum(runs for _, _, runs in spread["bins"]) == (seeds - 1 if binned else 0)
    assert len(spread["values"]) == (0 if binned else seeds)
    assert ("A bar is as high as there are seeds" in page.text) == binned
