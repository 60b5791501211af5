"""The report on a sweep: what it says, what it draws, how it stays small, and that its texts stay text."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_html_page import Page, parsed
from sweep_samples import RATES, write_sweep

from gdrun.report.html import write_report
from gdrun.report.html.sweep_axes import Axis

RATE = "optimizer.learning_rate"


def report_on(directory: Path, *arguments: Any, **options: Any) -> Page:
    return parsed(write_report(write_sweep(directory, *arguments, **options)))


def charts_of(page: Page) -> dict[str, dict[str, Any]]:
    """The charts by their kinds."""
    return {chart["kind"]: chart for chart in json.loads(page.data[0])}


def summary_of(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "summary.json").read_text())
    return found


class TestWords:
    def test_the_best_point_how_it_was_found_and_what_to_do_next(self, tmp_path: Path) -> None:
        text = report_on(tmp_path / "s", {RATE: RATES, "batch_size": [16, 32]}, seeds=3).text
        summary = summary_of(tmp_path / "s")
        best = summary["points"][summary["best"]]
        assert f"The best of 10 points: {RATE} {best['settings'][RATE]:g}, batch_size" in text
        assert "the mean over 3 seeds" in text
        assert f"All 10 combinations of {RATE} (0.0001, 0.001, 0.01, 0.1, 1) and batch_size (16, 32)" in text
        assert "each with the same 3 seeds (0 to 2)" in text
        assert "higher is better" in text
        assert "chosen by these very values" in text
        member = f"members/point-{summary['best']:04d}-seed-0/config.yaml"
        assert f"gdrun train {member} --seeds 10" in text

    def test_random_points(self, tmp_path: Path) -> None:
        rates = np.logspace(-4, 0, 30).tolist()
        text = report_on(tmp_path / "s", {RATE: rates}, points=30).text
        assert f"30 points drawn at random, none twice, from {RATE} (30 values from 0.0001 to 1)" in text
        assert "each with seed 0" in text

    def test_points_that_diverged_are_counted_and_come_last(self, tmp_path: Path) -> None:
        text = report_on(tmp_path / "s", {RATE: RATES}, seeds=2, broken=[2]).text
        assert "1 of 2 runs diverged" in text
        assert "come after all others" in text
        assert summary_of(tmp_path / "s")["ranking"][-1] == 2

    def test_nothing_is_best_if_all_diverged(self, tmp_path: Path) -> None:
        page = report_on(tmp_path / "s", {RATE: RATES}, broken=range(5))
        assert "None of 5 points has a run that came to a good end" in page.text
        assert json.loads(page.data[0]) == [] or "overlay" not in charts_of(page)

    def test_before_the_end_there_is_a_page_that_says_so(self, tmp_path: Path) -> None:
        group = write_sweep(tmp_path / "s", {RATE: RATES})
        for name in ("summary.json", "results.csv"):
            (group / name).unlink()
        assert "There is no summary" in parsed(write_report(group)).text

    def test_members_get_no_reports(self, tmp_path: Path) -> None:
        group = write_sweep(tmp_path / "s", {RATE: RATES})
        write_report(group)
        assert not list((group / "members").rglob("report.html"))


class TestTable:
    def test_a_row_a_point_in_their_order(self, tmp_path: Path) -> None:
        page = report_on(tmp_path / "s", {RATE: RATES, "batch_size": [16, 32]}, seeds=2)
        summary = summary_of(tmp_path / "s")
        cells = [value for tag, name, value in page.attributes if (tag, name) == ("td", "data-value")]
        across = len(cells) // 10
        rows = [cells[start : start + across] for start in range(0, len(cells), across)]
        assert [int(row[0]) for row in rows] == summary["ranking"]
        first = summary["points"][summary["best"]]
        assert [float(cell) for cell in rows[0][1:4]] == [
            first["settings"][RATE],
            first["settings"]["batch_size"],
            first["metrics"]["val_accuracy"]["mean"],
        ]
        assert float(rows[0][4]) == first["metrics"]["val_accuracy"]["std"]


class TestCharts:
    def test_one_key(self, tmp_path: Path) -> None:
        chart = charts_of(report_on(tmp_path / "s", {RATE: RATES}, seeds=3))["key"]
        (view,) = chart["views"]
        assert view["x"]["kind"] == "log"
        assert view["line"]
        assert sorted(view["at"]) == RATES
        assert [len(point["seeds"]) for point in chart["points"]] == [3] * 5
        assert [point["best"] for point in chart["points"]] == [True] + [False] * 4
        assert chart["points"][0]["score"] == max(point["score"] for point in chart["points"])

    def test_two_keys_are_a_map(self, tmp_path: Path) -> None:
        schedules = ["constant", {"name": "step", "every_epochs": 5}, "cosine"]
        page = report_on(tmp_path / "s", {RATE: RATES, "schedule": schedules}, broken=[4])
        chart = charts_of(page)["map"]
        assert chart["cells"]
        assert chart["x"]["labels"] == ["constant", "{name: step, every_epochs: 5}", "cosine"]
        assert chart["y"]["labels"] == ["0.0001", "0.001", "0.01", "0.1", "1"]
        places = {(point["x"], point["y"]) for point in chart["points"]}
        assert len(places) == 15
        assert (chart["points"][0]["good"], chart["points"][-1]["good"]) == (1, None)
        assert chart["points"][-1]["score"] is None
        assert "Without a value, since no run came to a good end: 1 point." in page.text
        assert len(charts_of(page)["key"]["views"]) == 2

    def test_numbers_drawn_at_random_are_dots(self, tmp_path: Path) -> None:
        random = np.random.default_rng(0)
        keys = {RATE: (10 ** random.uniform(-4, 0, 60)).tolist(), "momentum": random.random(60).tolist()}
        chart = charts_of(report_on(tmp_path / "s", keys, points=60))["map"]
        assert not chart["cells"]
        assert (chart["x"]["kind"], chart["y"]["kind"]) == ("linear", "log")
        assert sorted(point["x"] for point in chart["points"]) == sorted(keys["momentum"])

    def test_more_keys_are_parallel_axes(self, tmp_path: Path) -> None:
        keys = {RATE: RATES, "batch_size": [16, 32], "model.hidden": [[64], [64, 32]]}
        chart = charts_of(report_on(tmp_path / "s", keys))["parallel"]
        assert [axis["label"] for axis in chart["axes"]] == [*keys, "validation accuracy"]
        assert all(0 <= share <= 1 for point in chart["points"] for share in point["at"])
        assert all(0 <= share <= 1 for axis in chart["axes"] for share, _ in axis["ticks"])
        ends = [point["at"][-1] for point in chart["points"]]
        assert (ends[0], ends[-1]) == (1, 0)
        assert ends == sorted(ends, reverse=True)

    def test_curves_of_the_best(self, tmp_path: Path) -> None:
        chart = charts_of(report_on(tmp_path / "s", {RATE: RATES}, members=5))["overlay"]
        summary = summary_of(tmp_path / "s")
        best = summary["points"][summary["best"]]["settings"][RATE]
        assert chart["legend"][0]["label"] == f"learning_rate {best:g}"
        assert len(chart["views"][0]["sets"]) == 5

    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ([1e-4, 1e-3, 1e-2], "log"),
            ([16, 32, 64], "log"),
            ([0.1, 0.2, 0.3, 0.4], "linear"),
            ([1e-3, 1], "log"),
            ([1, 2], "linear"),
            ([0, 1e-3, 1], "linear"),
            ([-1, 1], "linear"),
            ([1, "full"], "names"),
            ([True, False], "names"),
            ([5, 5], "names"),
            ([None, [1]], "names"),
        ],
    )
    def test_axes(self, values: list[Any], kind: str) -> None:
        axis = Axis.of("key", values)
        assert axis.kind == kind
        shares = axis.shares()
        assert all(share is not None and 0 <= share <= 1 for share in shares)
        assert len(set(shares)) == len({json.dumps(value) for value in values})
        assert all(0 <= share <= 1 for share, _ in axis.ticks())

    def test_the_middle_of_a_logarithmic_axis(self) -> None:
        assert Axis.of("key", [1e-4, 1e-2, 1]).shares() == pytest.approx([0, 0.5, 1])


def test_ten_thousand_runs_are_a_small_page_that_says_what_it_leaves_out(tmp_path: Path) -> None:
    keys = {
        RATE: np.logspace(-4, 0, 100).tolist(),
        "optimizer.beta1": np.linspace(0, 0.99, 50).round(6).tolist(),
        "batch_size": [16, 32],
    }
    group = write_sweep(tmp_path / "s", keys, members=1)
    page = write_report(group)
    assert page.stat().st_size < 1_000_000
    text = parsed(page).text
    rows = parsed(page).tags.count("tr")
    assert re.search(
        r"The table has the best \d{3} of 10\u202f000 points\. The charts have 800: the best 400", text
    )
    assert 200 < rows < 600
    chart = charts_of(parsed(page))["parallel"]
    assert len(chart["points"]) == 800
    said = [point["said"][0] for point in chart["points"]]
    assert said[:400] == [str(number) for number in summary_of(group)["ranking"][:400]]
    assert said[-1] == str(summary_of(group)["ranking"][-1])


PAYLOADS = [
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "{{ 7*7 }}{% for x in y %}",
    "\u202etxt.exe\x1b[31m",
    "=HYPERLINK(0)",
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("others", [{}, {"b": [1, 2]}, {"b": [1, 2], "c": ["x", "y"]}], ids=[1, 2, 3])
def test_values_of_keys_stay_text(tmp_path: Path, payload: str, others: dict[str, list[Any]]) -> None:
    pages = []
    for number, text in enumerate(("harmless", payload)):
        keys = {"dataset.target": [text, [text], {text: text}, "other"], **others}
        pages.append(report_on(tmp_path / str(number), keys))
    assert pages[0].tree == pages[1].tree
    assert pages[1].loads == []
    assert not re.search("[<>&\u2028\u2029]", pages[1].data[0])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", pages[1].text)


@pytest.mark.parametrize(
    "damage",
    [
        {"points": None},
        {"ranking": None},
        {"ranking": [7, "x"]},
        {"keys": None},
        {"best": 99},
        {"monitor": None},
        {"statuses": None},
        {"seeds": None},
    ],
    ids=str,
)
def test_a_damaged_summary_is_no_crash(tmp_path: Path, damage: dict[str, Any]) -> None:
    group = write_sweep(tmp_path / "s", {RATE: RATES, "batch_size": [1, 2]})
    summary = summary_of(group) | damage
    (group / "summary.json").write_text(json.dumps(summary))
    assert "digits-mlp" in parsed(write_report(group)).text


def test_infinite_and_missing_scores(tmp_path: Path) -> None:
    group = write_sweep(tmp_path / "s", {RATE: RATES, "b": [1, 2], "c": [1, 2]})
    summary = summary_of(group)
    for point in summary["points"][:15]:
        point["metrics"]["val_accuracy"] |= {"mean": None}
    summary["points"][15]["metrics"] = {}
    (group / "summary.json").write_text(json.dumps(summary))
    page = parsed(write_report(group))
    assert math.isfinite(charts_of(page)["key"]["points"][0]["score"] or 0)
